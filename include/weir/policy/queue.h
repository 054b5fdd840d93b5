// SPDX-License-Identifier: Apache-2.0
// Who of those that wait comes in next, and who has to make room (docs/allocator.md 11).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "weir/policy/fifo.h"
#include "weir/policy/resources.h"

namespace weir {

enum class QueueOrder { fifo, priority, drf, value };

/// A request that waits; tickets stand in order of arrival.
struct Ticket {
  Resources request;
  double waited = 0;  ///< seconds
  std::int64_t priority = 0;
  double value = 1;        ///< worth of running it, for QueueOrder::value
  double owner_share = 0;  ///< weighted dominant share its owner already has, for QueueOrder::drf
  std::optional<double> run_time;
};

/// A ticket older than this goes before all others and blocks them until it fits.
inline constexpr double starve_after = 600;  // seconds
/// For QueueOrder::value, waiting this long doubles a ticket's value.
inline constexpr double aging_time = 60;  // seconds

/// Indices of the tickets to admit now, in the order in which to admit them; their requests
/// together fit in `free`. Without backfill an order other than `value` stops at its first ticket
/// that does not fit; `value` takes the best set (best_set).
std::vector<std::size_t> next_in(std::span<const Ticket> tickets,
                                 std::span<const FifoRunning> running, const Resources& free,
                                 QueueOrder order, Backfill backfill);

enum class PreemptBy { freeze, kill };

/// A running container that might give way.
struct Incumbent {
  std::int64_t priority = 0;
  Resources holds;            ///< its request, given back when it is killed
  std::int64_t resident = 0;  ///< bytes; what killing it throws away
  double restart_cost = 0;    ///< seconds of work lost, or as the administrator weighs it
};

/// Indices, ascending, of the cheapest incumbents of classes below `priority` that give back at
/// least `need`; empty when there are none that could. Freezing gives back CPU only, so a need of
/// anything else is beyond it. The cost is restart_cost + resident / `reclaim_rate` (bytes a
/// second) seconds.
std::vector<std::size_t> choose_victims(std::span<const Incumbent> incumbents,
                                        std::int64_t priority, const Resources& need, PreemptBy by,
                                        double reclaim_rate);

}  // namespace weir
