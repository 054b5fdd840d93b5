// SPDX-License-Identifier: Apache-2.0
#include "assignment.h"

#include <algorithm>

namespace weir {

Assignment::Assignment(std::span<const PoolRoom> pools, std::span<const PoolMember> members)
    : pools_(pools), members_(members), at_(members.size()), in_(pools.size()) {
  for (const auto& pool : pools) load_.push_back(pool.draining);
  for (std::size_t i = 0; i < members.size(); ++i) {
    at_[i] = members[i].pool;
    in_[at_[i]].push_back(i);
    load_[at_[i]] += members[i].size;
  }
}

void Assignment::move(std::size_t member, std::size_t to) {
  load_[at_[member]] -= members_[member].size;
  load_[to] += members_[member].size;
  std::erase(in_[at_[member]], member);
  in_[to].push_back(member);
  at_[member] = to;
}

bool Assignment::all_fit() const {
  for (std::size_t p = 0; p < pools_.size(); ++p)
    if (over(p)) return false;
  return true;
}

bool Assignment::allowed(std::size_t member, std::size_t to) const {
  const auto home = members_[member].pool;
  if (to == home) return true;
  if (members_[member].pinned) return false;
  const auto& spill = pools_[home].spill;
  return !spill || std::ranges::find(*spill, to) != spill->end();
}

bool Assignment::fits_with(std::size_t pool, const Resources& in, const Resources& out) const {
  return (load_[pool] + in - out).fits(capacity(pool));
}

Resources Assignment::excess(std::size_t pool, const Resources& load) const {
  Resources over;
  for (std::size_t r = 0; r < resource_count; ++r)
    over[r] = std::max<std::int64_t>(0, load[r] - capacity(pool)[r]);
  return over;
}

double Assignment::slack_with(std::size_t pool, const Resources& in) const {
  double least = 1;
  for (std::size_t r = 0; r < resource_count; ++r) {
    const auto room = capacity(pool)[r];
    if (room <= 0 || room >= unbounded) continue;
    const auto left = room - load_[pool][r] - in[r];
    least = std::min(least, static_cast<double>(left) / static_cast<double>(room));
  }
  return least;
}

double Assignment::cost() const {
  double sum = 0;
  for (std::size_t i = 0; i < at_.size(); ++i)
    if (at_[i] != members_[i].pool) sum += members_[i].cost;
  return sum;
}

MovePlan Assignment::plan() const {
  MovePlan plan;
  plan.fits = all_fit();
  if (!plan.fits) return plan;
  plan.cost = cost();
  for (std::size_t i = 0; i < at_.size(); ++i)
    if (at_[i] != members_[i].pool) plan.moves.push_back({i, members_[i].pool, at_[i]});
  return plan;
}

double overage(const Resources& load, const Resources& capacity) {
  double most = 0;
  for (std::size_t r = 0; r < resource_count; ++r) {
    if (load[r] <= capacity[r]) continue;
    const auto room = std::max<std::int64_t>(1, capacity[r]);
    most = std::max(most, static_cast<double>(load[r] - capacity[r]) / static_cast<double>(room));
  }
  return most;
}

}  // namespace weir
