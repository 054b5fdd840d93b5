// SPDX-License-Identifier: Apache-2.0
// `weir rebalance`: one round of dynamic allocation, limits first, then moves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/runtime/dynamic.h"

namespace weir {

struct RebalanceMove {
  MoveAdvice advice;
  bool done = false;
  std::optional<Error> failed;  ///< why it was not done; absent in a dry run
};

struct RebalanceReport {
  std::vector<DynamicWrite> writes;
  std::vector<RebalanceMove> moves;
};

/// Watches for two seconds, then decides; `only_say` changes nothing. What it decides holds for ten
/// minutes, unless the agent or another round decides anew. Errc::conflict while another round is
/// under way.
Result<RebalanceReport> rebalance(Session& session, Acting acting);

}  // namespace weir
