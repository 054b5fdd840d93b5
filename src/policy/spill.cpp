// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/spill.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/units.h"
#include "weir/policy/demand.h"

namespace weir {
namespace {

/// Cores with two decimals: a reason is read by people.
std::string cores_text(std::int64_t micro_cores) {
  return fmt::format("{:.2f}", static_cast<double>(micro_cores) / micro_per_core);
}

std::vector<std::int64_t> demands_of(std::size_t pools, std::span<const SpillMember> members) {
  std::vector<std::int64_t> out(pools);
  for (const auto& member : members) out[member.pool] += member.demand;
  return out;
}

double cost_of(const SpillMember& member, const BalanceRules& rules) {
  BalanceMember weighed;
  weighed.resident = member.resident;
  weighed.threads = member.threads;
  return rules.cost.of(weighed);
}

bool may_move(const SpillMember& member, std::span<const std::size_t> over,
              const BalanceRules& rules) {
  const bool rested = !member.moved_ago || *member.moved_ago >= move_dwell;
  return rested && member.demand > 0 && member.resident <= rules.byte_budget &&
         std::ranges::find(over, member.pool) != over.end();
}

/// What each pool can hold of CPU demand in the end.
std::vector<PoolRoom> rooms(std::span<const SpillPool> pools, std::span<const std::int64_t> demands,
                            std::span<const std::size_t> over, std::int64_t idle) {
  std::vector<PoolRoom> out;
  for (std::size_t p = 0; p < pools.size(); ++p) {
    auto room = pools[p].room;
    if (std::ranges::find(over, p) == over.end())
      room =
          std::max(demands[p], std::min(room, std::max(pools[p].entitlement, demands[p] + idle)));
    out.push_back({cpu_memory(room, unbounded), {}, pools[p].to});
  }
  return out;
}

Remedy remedy_for(std::span<const SpillPool> pools, std::span<const SpillMember> members,
                  const PlannedMove& move, std::int64_t demand, double cost) {
  const auto& from = pools[move.from];
  const auto& member = members[move.member];
  return {Remedy::Kind::move,
          move.from,
          move.member,
          move.to,
          member.resident,
          cost,
          fmt::format("pool '{}' wants {} cores and may use {}; '{}' wants {} of them, which '{}' "
                      "has to spare",
                      from.name, cores_text(demand), cores_text(from.room), member.name,
                      cores_text(member.demand), pools[move.to].name)};
}

/// The cheapest single move to where it fits.
std::optional<PlannedMove> best_single(std::span<const PoolRoom> rooms,
                                       std::span<const PoolMember> members,
                                       std::span<const std::int64_t> demands) {
  std::optional<PlannedMove> best;
  for (std::size_t m = 0; m < members.size(); ++m) {
    if (members[m].pinned || (best && members[best->member].cost <= members[m].cost)) continue;
    const auto from = members[m].pool;
    for (const auto to : *rooms[from].spill)
      if (to != from &&
          demands[to] + members[m].size[Resource::cpu] <= rooms[to].capacity[Resource::cpu]) {
        best = PlannedMove{m, from, to};
        break;
      }
  }
  return best;
}

}  // namespace

std::vector<double> cpu_overages(std::span<const SpillPool> pools,
                                 std::span<const SpillMember> members) {
  const auto demands = demands_of(pools.size(), members);
  std::vector<double> out;
  for (std::size_t p = 0; p < pools.size(); ++p)
    out.push_back(overage(cpu_memory(demands[p], 0), cpu_memory(pools[p].room, unbounded)));
  return out;
}

std::vector<Remedy> plan_spill(std::span<const SpillPool> pools,
                               std::span<const SpillMember> members,
                               std::span<const std::size_t> over, std::int64_t idle,
                               const BalanceRules& rules) {
  if (over.empty()) return {};
  const auto demands = demands_of(pools.size(), members);
  const auto space = rooms(pools, demands, over, idle);
  std::vector<PoolMember> movable;
  for (const auto& member : members)
    movable.push_back({member.pool, cpu_memory(member.demand, 0), cost_of(member, rules),
                       !may_move(member, over, rules)});
  auto plan = plan_moves(space, movable);
  if (!plan.fits)
    if (const auto single = best_single(space, movable, demands)) plan.moves = {*single};
  std::vector<Remedy> out;
  for (const auto& move : plan.moves)
    out.push_back(remedy_for(pools, members, move, demands[move.from], movable[move.member].cost));
  return out;
}

}  // namespace weir
