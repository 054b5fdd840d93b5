// SPDX-License-Identifier: Apache-2.0
// The simulated processor: jobs of one kind share one virtual clock.
//
// Jobs in the same pool with the same threads and the same group are treated alike, so they always
// run at the same speed, and the order in which they will end does not change while they run. One
// clock and one heap a kind make an event cost O(kinds + log n) instead of O(jobs), and the
// allocator is asked about kinds: k jobs weigh and want k times what one does.
#pragma once

#include <map>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "weir/policy/fair.h"
#include "weir/policy/simulate.h"

namespace weir::sim {

using JobIndex = std::uint32_t;

/// How the jobs of a kind take part in the division of CPU.
struct Kind {
  std::uint32_t pool = 0;
  std::int64_t cpu = 0;     ///< micro-cores one job can use
  std::uint32_t group = 0;  ///< jobs with different weights differ here
  bool reserved = false;    ///< its jobs were admitted with their CPU
  auto key() const { return std::tuple(pool, cpu, group, reserved); }
  bool operator<(const Kind& other) const { return key() < other.key(); }
};

class Cpu {
 public:
  Cpu(const SimHost& host, std::size_t jobs);

  [[nodiscard]] double now() const { return now_; }
  void start(JobIndex job, const Kind& kind, double cpu_s);
  /// Takes a running job off the CPU; returns the CPU seconds it still needs.
  double stop(JobIndex job);
  /// Seconds until a running job ends at its present speed.
  [[nodiscard]] double time_left(JobIndex job) const;
  /// Entitlement-like weight of each job of a group in a pool (default 100).
  void set_weight(std::uint32_t pool, std::uint32_t group, std::int64_t weight);
  /// Recorded demand of a pool, in micro-cores, from now on.
  void set_demand(std::uint32_t pool, std::int64_t cpu);

  /// Divides the CPU anew after starts, stops and changes.
  void divide();
  /// When the next job ends, if any runs.
  [[nodiscard]] std::optional<double> next_end();
  /// Lets time pass; nobody may end before `time`.
  void advance(double time);
  /// A job that ends now, if there is one; it is off the CPU.
  std::optional<JobIndex> take_ended();

  struct PoolState {
    std::int64_t usage = 0;        ///< micro-cores at this moment
    std::int64_t entitlement = 0;  ///< saturated
    std::int64_t unserved = 0;     ///< of the recorded demand
    bool short_of_reservation = false;
  };
  [[nodiscard]] const std::vector<PoolState>& pools() const { return state_; }

 private:
  struct Entry {
    double end;  // on the clock of the kind
    JobIndex job;
    std::uint32_t epoch;
    bool operator<(const Entry& other) const {  // the earliest on top
      return end != other.end ? end > other.end : job > other.job;
    }
  };
  struct Clock {
    Kind kind;
    double time = 0;  // CPU seconds each of its jobs has had
    double rate = 0;  // cores a job
    std::int64_t count = 0;
    bool listed = false;  // among active_
    std::priority_queue<Entry> heap;
  };
  struct Slot {
    std::uint32_t clock = 0, epoch = 0;
    double end = 0;
  };

  std::uint32_t clock_of(const Kind& kind);
  void drop_stale(Clock& clock) const;
  void remove(JobIndex job);
  void add_leaves();
  void note_pools(const FairResult& result);

  const SimHost& host_;
  std::map<Kind, std::uint32_t> index_;
  std::vector<Clock> clocks_;
  std::vector<std::uint32_t> active_;  // clocks with jobs, as of the last divide()
  std::vector<Slot> slots_;            // by job
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> weights_;
  std::vector<std::int64_t> demand_;  // by pool
  std::vector<FairNode> nodes_;       // pools, then active clocks, then recorded demand
  std::vector<PoolState> state_;
  double now_ = 0;
};

}  // namespace weir::sim
