// SPDX-License-Identifier: Apache-2.0
// Dynamic allocation on a running tree: looks, decides, writes. `weir rebalance` does one round of
// it, the agent one after the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/cgroup/usage.h"
#include "weir/model/plan.h"
#include "weir/model/pool_dynamics.h"
#include "weir/runtime/session.h"

namespace weir {

struct DynamicWrite {
  std::size_t pool = 0;  ///< index into the tree
  Change change;
  std::string reason;  ///< one line for people
};

struct MoveAdvice {
  std::string container;
  std::size_t from = 0, to = 0;  ///< indices into the tree
  std::int64_t bytes = 0;        ///< charged to it now
  double cost = 0;               ///< seconds of disturbance
  std::string reason;            ///< one line for people
};

enum class Acting { write, only_say };

class DynamicAllocator {
 public:
  /// Both must outlive it.
  DynamicAllocator(Session& session, UsageSource& usage);
  DynamicAllocator(const DynamicAllocator&) = delete;
  DynamicAllocator& operator=(const DynamicAllocator&) = delete;
  ~DynamicAllocator();

  /// Reads every pool, and the containers of pools that may spill. `time` in seconds, ascending:
  /// two looks make one sample.
  void observe(double time);

  /// memory.high and io.max of pools in dynamic mode, from the samples so far; writes what is worth
  /// it, in the order in which nothing is promised twice. What was written before an error counts.
  Result<std::vector<DynamicWrite>> adjust(double time, Acting acting);

  /// Containers that should go elsewhere, because what their pool may use is too little for them.
  std::vector<MoveAdvice> advise(double time);
  /// Moves the container. Whatever comes of it, it is left alone for a while then, and what was
  /// moved counts against the budget.
  Status carry_out(const MoveAdvice& advice, double time);

  /// Leaves what was found out and decided to other commands, for as long as `valid`.
  Status publish(std::chrono::seconds valid) const;

  [[nodiscard]] bool anything_to_do() const;

  struct State;  ///< private to the implementation

 private:
  std::unique_ptr<State> state_;
};

/// What the agent, or a `weir rebalance` of late, left of each pool; indexed as tree.pools.
std::vector<std::optional<PoolDynamics>> read_dynamics(const Session& session);

/// Gives every pool back what the file says, and forgets what was left: dynamic allocation ends.
Status end_dynamics(Session& session);

}  // namespace weir
