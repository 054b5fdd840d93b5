// SPDX-License-Identifier: Apache-2.0
// A discrete-event simulation of pools over the allocator's own code: what a policy would have done
// with a trace (docs/allocator.md 15). Pure: time is the trace's, chance there is none.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"
#include "weir/policy/resources.h"
#include "weir/policy/trace.h"

namespace weir {

/// The policies of pools, their variants that differ in the figures, and SRPT, which knows what no
/// pool can know and shows what would be possible.
enum class SimPolicy {
  fair,
  drf,
  fifo,
  backfill,
  round_robin,
  priority,             ///< preemptive by freezing
  priority_no_preempt,  ///< spelled "priority-no-preempt"
  throughput,
  latency,
  srpt
};
std::string_view to_text(SimPolicy policy);
std::optional<SimPolicy> sim_policy_named(std::string_view text);

/// A pool of the simulated host. Only pools without child pools hold jobs.
struct SimPool {
  std::string name;
  std::optional<std::size_t> parent;  ///< parents stand before their children
  std::int64_t cpu_shares = 100, memory_shares = 100;
  Resources reservation;
  Resources limit = Resources::all(unbounded);
  std::array<bool, resource_count> expandable{true, true, true, true};
  double slice = 1;  ///< seconds, for round-robin
};

struct SimHost {
  Resources capacity;  ///< CPU and memory
  std::vector<SimPool> pools;
};

/// What happened to a job; times in seconds.
struct JobOutcome {
  double start = -1;   ///< first began to run; -1: never
  double finish = -1;  ///< -1: refused, it can never fit
};

/// A quantity over time as means of equal intervals.
struct Curve {
  double interval = 0;         ///< seconds
  std::vector<double> values;  ///< at most 512
};

struct PoolOutcome {
  std::string name;
  double cpu_used = 0;      ///< core-seconds
  double cpu_unserved = 0;  ///< core-seconds that recorded demand wanted and did not get
  Curve usage;              ///< cores
  Curve entitlement;        ///< cores it would get if everyone wanted everything
};

struct SimOutcome {
  SimPolicy policy = SimPolicy::fair;
  std::vector<JobOutcome> jobs;           ///< as the trace's jobs
  std::vector<PoolOutcome> pools;         ///< as the host's pools
  double end = 0;                         ///< when the last job ended or the last sample was taken
  std::uint64_t switches = 0;             ///< times a job was given the CPU
  std::uint64_t reservations_broken = 0;  ///< times a pool fell below min(reservation, demand)
  std::uint64_t moves = 0;
};

/// Called now and then with the part of the trace that is done, 0 to 1.
using SimProgress = std::function<void(double)>;

/// Runs the trace under one policy in every pool that holds jobs. Each pool of the trace goes to
/// the host's pool of that name; Errc::config where there is none or it has child pools. With a
/// single pool, all jobs go there. O(n log n) in jobs for a load below capacity.
Result<SimOutcome> simulate(const Trace& trace, const SimHost& host, SimPolicy policy,
                            const SimProgress& progress = {});

}  // namespace weir
