// SPDX-License-Identifier: Apache-2.0
// Dynamic mode: what pools seem to want, what each gets of it, and when that is worth a write
// (docs/allocator.md 12 and 13). Samples in, values out; times are arguments, in seconds.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "weir/model/pool.h"
#include "weir/policy/demand.h"
#include "weir/policy/memory_shrink.h"

namespace weir {

/// One interval of a pool without children.
struct PoolSample {
  double time = 0;  ///< its end
  CpuSample cpu;
  std::int64_t current = 0;      ///< memory.current
  std::int64_t reclaimable = 0;  ///< of it, by reclaim alone
  std::int64_t inactive = 0;     ///< of it, page cache not used for a while
  double memory_some = 0;        ///< part of the interval in which some task waited for memory
  bool hit_limit = false;        ///< memory.events counted a new high, max or oom
  bool alive = false;            ///< it used CPU or touched memory
};

struct PoolDemand {
  std::int64_t cpu = 0;     ///< micro-cores
  std::int64_t memory = 0;  ///< bytes it will want, for people to see
  /// Bytes it needs now: its working set of the last minute, or what it could not give back. The
  /// rest of its reservation is lendable.
  std::int64_t held = 0;
  /// It ran short of memory, and has not slept for a minute since: however much it gets, it can
  /// use. That it keeps its claim while it is awake makes a change of load one write, not a search.
  bool wants_all = false;
};

/// Follows one pool.
class PoolEstimator {
 public:
  PoolDemand update(const PoolSample& sample);

 private:
  std::int64_t peak_of_last_minute(double time, std::int64_t working_set);
  MemoryDemand memory_;
  std::deque<std::pair<double, std::int64_t>> peaks_;  // falling sizes, rising times
  double alive_at_ = 0;
  bool short_ = false;
};

/// What each pool gets of the host's memory, indexed as tree.pools: by demand first, and what
/// nobody demands by shares, so that there is room to grow. `demands` of pools with children are
/// not read. Never more than a pool's limit; the top pools' parts add up to at most the capacity.
std::vector<std::int64_t> divide_memory(const PoolTree& tree, std::span<const PoolDemand> demands);

/// memory.high of one pool.
struct GovernedPool {
  bool governed = false;             ///< its memory.high is ours to set: mode = "dynamic"
  std::int64_t current = 0;          ///< memory.current
  std::int64_t unreclaimable = 0;    ///< of it: a limit below would stall for ever
  std::optional<std::int64_t> high;  ///< as the kernel has it; absent: "max"
  std::int64_t target = 0;           ///< from divide_memory
  double some = 0;                   ///< memory pressure of the last tick, 0 to 1
  bool wants_all = false;            ///< what it needs is not known: it presses against its limit
};

/// Brings memory.high to the targets: who must give does so first, and what is raised is free by
/// then (invariant M1). Each file at most once in memory_high_dwell, and not for little; the rest
/// of the damping is in the estimator, whose demand falls a minute after the load. Who presses
/// against its own limit is spared, but not with what another one is short of: it would keep that
/// for as long as it presses.
class MemoryGovernor {
 public:
  explicit MemoryGovernor(std::int64_t capacity) : capacity_(capacity) {}
  /// First half of a tick; takes the new targets.
  std::vector<HighWrite> shrink(double time, std::span<const GovernedPool> pools);
  /// Second half, with current and high read again after the first was written.
  std::vector<HighWrite> grow(double time, std::span<const GovernedPool> pools);

 private:
  std::vector<HighWrite> worthwhile(double time, std::span<const MemoryLeaf> leaves,
                                    std::vector<HighWrite> writes);
  std::int64_t capacity_;
  std::vector<double> written_at_;  // by pool
};

/// What each pool's disks did in an interval, in bytes and operations a second.
using IoUse = std::map<DeviceNumber, IoRates>;

/// io.max of every pool on disks whose capability is divided, when they want what they used and a
/// little more: idle bandwidth is lent, with 10 % head-room for its borrower, and never below the
/// pool's own reservation. Indexed as tree.pools; pools in static mode have what io_limits() says.
std::vector<IoMax> io_limits_by_demand(const PoolTree& tree, std::span<const IoUse> used);

}  // namespace weir
