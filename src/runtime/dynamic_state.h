// SPDX-License-Identifier: Apache-2.0
// What dynamic allocation keeps from one tick to the next.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "weir/policy/dynamic.h"
#include "weir/policy/remedy.h"
#include "weir/runtime/dynamic.h"

#include "dynamic_samples.h"
#include "roster.h"

namespace weir {

struct DynamicAllocator::State {
  State(Session& owner, UsageSource& source)
      : session(owner),
        usage(source),
        governor(owner.tree.capacity.memory.value),
        tracks(owner.tree.pools.size()) {
    take_over();
  }

  struct Track {
    bool exists = false;
    std::optional<TimedReading> last;
    std::optional<PoolSample> sample;
    PoolEstimator estimator;
    PoolDemand demand;
    IoUse io;
    std::optional<Bytes> decided_high;  ///< absent: "max"
    std::optional<IoMax> decided_io;    ///< absent: what the file says
    std::map<std::pair<DeviceNumber, IoRate>, Damper> io_dampers;
  };

  /// Goes on from what another process decided, as far as it still holds.
  void take_over();
  void look(double time);
  void look_at_pool(std::size_t i, double time);
  [[nodiscard]] std::optional<std::int64_t> cpuset_of(std::size_t pool) const;
  [[nodiscard]] bool is_governed(std::size_t i) const;
  std::vector<GovernedPool> governed(const std::vector<std::int64_t>& targets);
  Result<std::vector<DynamicWrite>> carry_out(std::vector<DynamicWrite> writes, Acting acting);
  Result<std::vector<DynamicWrite>> adjust_memory(double time, Acting acting);
  Result<std::vector<DynamicWrite>> adjust_io(double time, Acting acting);
  std::optional<DynamicWrite> io_write(std::size_t i, DeviceNumber device, const IoRates& wanted,
                                       double time);
  void remember(const std::vector<DynamicWrite>& done);

  Session& session;
  UsageSource& usage;
  MemoryGovernor governor;
  std::vector<Track> tracks;  // by pool
  Roster roster;
  OverageWatch cpu_watch, memory_watch;
  MoveBudget budget;
  std::map<std::size_t, double> spilled_at;  ///< by pool: when it gave a container away last
};

}  // namespace weir
