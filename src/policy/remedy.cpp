// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/remedy.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/units.h"
#include "weir/policy/demand.h"

namespace weir {
namespace {

constexpr auto memory = static_cast<std::size_t>(Resource::memory);

Resources memory_only(const Resources& all) { return cpu_memory(0, all[memory]); }

std::string size_text(std::int64_t bytes) { return to_text(Bytes{bytes}); }

/// Loads and what reclaim alone could do, per pool.
struct Loads {
  std::vector<std::int64_t> used, reclaimable;

  Loads(std::span<const BalancePool> pools, std::span<const BalanceMember> members)
      : used(pools.size()), reclaimable(pools.size()) {
    for (std::size_t p = 0; p < pools.size(); ++p) used[p] = pools[p].draining[memory];
    for (const auto& member : members) {
      used[member.pool] += member.usage[memory];
      reclaimable[member.pool] += std::min(member.reclaimable, member.usage[memory]);
    }
  }
};

std::string over_text(const BalancePool& pool, std::int64_t used) {
  return fmt::format("pool '{}' holds {} of {} memory", pool.name, size_text(used),
                     size_text(pool.entitlement[memory]));
}

Remedy squeeze(const BalancePool& pool, std::size_t index, std::int64_t used, std::int64_t excess) {
  return {Remedy::Kind::squeeze,
          index,
          {},
          {},
          excess,
          0,
          fmt::format("{}; reclaim gives the {} back without a move", over_text(pool, used),
                      size_text(excess))};
}

// What reclaim cannot bring down to a tenth would stay charged to the pool that is to be relieved.
bool may_move(const BalanceMember& member) {
  if (member.moved_ago && *member.moved_ago < move_dwell) return false;
  return member.resident - member.reclaimable <= member.resident / 10;
}

/// The move planner's view: memory only, and only the alarmed pools are held to their entitlement
/// strictly; others may not get worse than they are.
std::vector<PoolRoom> rooms_for(std::span<const BalancePool> pools, const Loads& loads,
                                std::span<const std::size_t> to_relieve) {
  std::vector<PoolRoom> rooms;
  for (std::size_t p = 0; p < pools.size(); ++p) {
    auto room = memory_only(pools[p].entitlement);
    if (std::ranges::find(to_relieve, p) == to_relieve.end())
      room[memory] = std::max(room[memory], loads.used[p]);
    rooms.push_back({room, memory_only(pools[p].draining), pools[p].spill});
  }
  return rooms;
}

Remedy move_remedy(std::span<const BalancePool> pools, const BalanceMember& member,
                   const PlannedMove& move, std::int64_t used, double cost) {
  const auto& from = pools[move.from];
  return {Remedy::Kind::move,
          move.from,
          move.member,
          move.to,
          member.resident,
          cost,
          fmt::format("{}; '{}' takes {} to '{}', which has room for it", over_text(from, used),
                      member.name, size_text(member.usage[memory]), pools[move.to].name)};
}

std::vector<Remedy> moves_for(std::span<const BalancePool> pools,
                              std::span<const BalanceMember> members, const Loads& loads,
                              std::span<const std::size_t> to_relieve, const BalanceRules& rules) {
  std::vector<PoolMember> movable;
  for (const auto& member : members)
    movable.push_back(
        {member.pool, memory_only(member.usage), rules.cost.of(member), !may_move(member)});
  const auto plan = plan_moves(rooms_for(pools, loads, to_relieve), movable);
  std::int64_t bytes = 0;
  for (const auto& move : plan.moves) bytes += members[move.member].resident;
  // The plan takes all overage away, so what it gains a second of its cost is 1 / cost.
  const bool worth_it = plan.cost * rules.least_gain <= 1;
  if (!worth_it || bytes > rules.byte_budget) return {};
  std::vector<Remedy> remedies;
  for (const auto& move : plan.moves)
    remedies.push_back(move_remedy(pools, members[move.member], move, loads.used[move.from],
                                   movable[move.member].cost));
  return remedies;
}

}  // namespace

double MoveCost::of(const BalanceMember& member) const {
  return alpha * static_cast<double>(member.resident) + beta * static_cast<double>(member.threads) +
         gamma;
}

std::vector<Remedy> plan_remedies(std::span<const BalancePool> pools,
                                  std::span<const BalanceMember> members,
                                  std::span<const std::size_t> pools_over,
                                  const BalanceRules& rules) {
  const Loads loads(pools, members);
  std::vector<Remedy> remedies;
  std::vector<std::size_t> to_relieve;
  for (auto p : pools_over) {
    const auto excess = loads.used[p] - pools[p].entitlement[memory];
    if (excess <= 0) continue;
    if (loads.reclaimable[p] >= excess)
      remedies.push_back(squeeze(pools[p], p, loads.used[p], excess));
    else
      to_relieve.push_back(p);
  }
  if (to_relieve.empty()) return remedies;
  auto moves = moves_for(pools, members, loads, to_relieve, rules);
  remedies.insert(remedies.end(), std::make_move_iterator(moves.begin()),
                  std::make_move_iterator(moves.end()));
  return remedies;
}

std::vector<std::size_t> OverageWatch::tick(std::span<const double> overages) {
  constexpr double hysteresis = 0.10;
  constexpr int patience = 3;
  ticks_above_.resize(overages.size());
  std::vector<std::size_t> alarmed;
  for (std::size_t p = 0; p < overages.size(); ++p) {
    ticks_above_[p] = overages[p] > hysteresis ? ticks_above_[p] + 1 : 0;
    if (ticks_above_[p] >= patience) alarmed.push_back(p);
  }
  return alarmed;
}

std::int64_t MoveBudget::left(double time, std::int64_t resident) {
  constexpr double window = 600;
  while (!spent_.empty() && spent_.front().time <= time - window) spent_.pop_front();
  std::int64_t spent = 0;
  for (const auto& each : spent_) spent += each.bytes;
  return std::max<std::int64_t>(0, resident / 10 - spent);
}

void MoveBudget::spend(double time, std::int64_t bytes) { spent_.push_back({time, bytes}); }

}  // namespace weir
