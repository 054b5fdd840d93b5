// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/queue.h"

#include <algorithm>
#include <numeric>

#include "weir/policy/knapsack.h"

namespace weir {
namespace {

using Order = std::vector<std::size_t>;

Order in_order(std::span<const Ticket> tickets, QueueOrder order) {
  Order indices(tickets.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  if (order == QueueOrder::priority)
    std::ranges::stable_sort(indices, std::greater<>{},
                             [&](std::size_t i) { return tickets[i].priority; });
  if (order == QueueOrder::drf)
    std::ranges::stable_sort(indices, {}, [&](std::size_t i) { return tickets[i].owner_share; });
  return indices;
}

/// Runs admit_fifo over tickets in the given order.
Order admit_in_order(std::span<const Ticket> tickets, const Order& order,
                     std::span<const FifoRunning> running, const Resources& free,
                     Backfill backfill) {
  std::vector<FifoJob> jobs;
  for (auto i : order) jobs.push_back({tickets[i].request, tickets[i].run_time});
  auto admitted = admit_fifo(jobs, running, free, backfill);
  std::ranges::transform(admitted, admitted.begin(), [&](std::size_t k) { return order[k]; });
  return admitted;
}

Order admit_by_value(std::span<const Ticket> tickets, const Order& among, const Resources& free) {
  std::vector<KnapsackItem> items;
  for (auto i : among) {
    const auto& ticket = tickets[i];
    items.push_back({ticket.value * (1 + ticket.waited / aging_time), ticket.request});
  }
  auto admitted = best_set(items, free);
  std::ranges::transform(admitted, admitted.begin(), [&](std::size_t k) { return among[k]; });
  return admitted;
}

}  // namespace

Order next_in(std::span<const Ticket> tickets, std::span<const FifoRunning> running,
              const Resources& free, QueueOrder order, Backfill backfill) {
  const auto starves = [&](std::size_t i) { return tickets[i].waited > starve_after; };
  auto all = in_order(tickets, QueueOrder::fifo);
  Order starving;
  std::ranges::copy_if(all, std::back_inserter(starving), starves);
  auto admitted = admit_in_order(tickets, starving, running, free, Backfill::no);
  if (admitted.size() < starving.size()) return admitted;  // the oldest blocks

  auto left = free;
  std::vector<FifoRunning> active(running.begin(), running.end());
  for (auto i : admitted) {
    left -= tickets[i].request;
    active.push_back({tickets[i].request, tickets[i].run_time});
  }
  auto rest = in_order(tickets, order);
  std::erase_if(rest, starves);
  const auto more = order == QueueOrder::value
                        ? admit_by_value(tickets, rest, left)
                        : admit_in_order(tickets, rest, active, left, backfill);
  admitted.insert(admitted.end(), more.begin(), more.end());
  return admitted;
}

Order choose_victims(std::span<const Incumbent> incumbents, std::int64_t priority,
                     const Resources& need, PreemptBy by, double reclaim_rate) {
  Order lower;
  std::vector<Victim> victims;
  for (std::size_t i = 0; i < incumbents.size(); ++i) {
    const auto& incumbent = incumbents[i];
    if (incumbent.priority >= priority) continue;
    const auto cpu_only = cpu_memory(incumbent.holds[Resource::cpu], 0);
    const double reclaim = static_cast<double>(incumbent.resident) / reclaim_rate;
    lower.push_back(i);
    victims.push_back(
        {incumbent.restart_cost + reclaim, by == PreemptBy::freeze ? cpu_only : incumbent.holds});
  }
  auto chosen = cheapest_cover(victims, need);
  std::ranges::transform(chosen, chosen.begin(), [&](std::size_t k) { return lower[k]; });
  return chosen;
}

}  // namespace weir
