// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/priority.h"

#include <algorithm>
#include <numeric>

namespace weir {
namespace {

/// Indices of `members`, highest class first, by index within a class.
std::vector<std::size_t> by_class(std::span<const ClassMember> members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>{},
                           [&](std::size_t i) { return members[i].priority; });
  return order;
}

/// Calls `visit` with the indices of each class in turn.
template <class Visit>
void for_each_class(std::span<const ClassMember> members, Visit visit) {
  const auto order = by_class(members);
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && members[order[end]].priority == members[order[begin]].priority)
      ++end;
    visit(std::span(order).subspan(begin, end - begin));
    begin = end;
  }
}

Wide sum_of_floors(std::span<const ClassMember> members) {
  Wide sum = 0;
  for (const auto& member : members) sum += member.floor;
  return sum;
}

}  // namespace

std::vector<std::int64_t> divide_by_class(std::span<const ClassMember> members,
                                          std::int64_t total) {
  std::vector<Vessel> vessels;
  std::vector<std::int64_t> amounts(members.size()), part;
  WaterFill water;
  const Wide floors = sum_of_floors(members);
  if (floors > total) {  // overcommitted: class does not matter, a floor is a floor
    for (const auto& member : members)
      vessels.push_back({member.shares, member.floor, member.demand});
    water.divide(vessels, total, amounts);
    return amounts;
  }
  auto left = total - static_cast<std::int64_t>(floors);
  for_each_class(members, [&](std::span<const std::size_t> group) {
    vessels.clear();
    part.resize(group.size());
    auto own = left;
    for (auto i : group) {
      vessels.push_back({members[i].shares, members[i].floor, members[i].demand});
      own += members[i].floor;
    }
    water.divide(vessels, own, part);
    left = own;
    for (std::size_t k = 0; k < group.size(); ++k) {
      amounts[group[k]] = part[k];
      left -= part[k];
    }
  });
  return amounts;
}

std::vector<std::int64_t> class_entitlements(std::span<const ClassMember> members,
                                             std::int64_t total) {
  std::vector<Vessel> vessels;
  std::vector<std::int64_t> entitlement(members.size()), part;
  WaterFill water;
  std::int64_t reduction = 1;
  for_each_class(members, [&](std::span<const std::size_t> group) {
    vessels.clear();
    part.resize(group.size());
    for (auto i : group)
      vessels.push_back({members[i].shares, members[i].floor, members[i].demand});
    water.divide(vessels, total, part);
    const bool highest = reduction == 1;
    for (std::size_t k = 0; k < group.size(); ++k)
      entitlement[group[k]] = highest ? part[k] : members[group[k]].floor + part[k] / reduction;
    // Two steps of a hundred are all that the range of cpu.weight, 1 to 10000, can hold.
    reduction = std::min<std::int64_t>(reduction * 100, 10'000);
  });
  return entitlement;
}

}  // namespace weir
