// SPDX-License-Identifier: Apache-2.0
// Policies under which everyone admitted runs at once, faster or slower.
#include <algorithm>
#include <cmath>

#include "weir/policy/drf.h"
#include "weir/policy/latency.h"
#include "weir/policy/priority.h"

#include "crew.h"

namespace weir {
namespace {

constexpr auto cpu = static_cast<std::size_t>(Resource::cpu);

ClassMember class_member(const Contender& member, std::size_t r) {
  return {member.priority, member.shares, floor_of(member, r), demand_of(member, r)};
}

}  // namespace

Result<Division> divide_fair(const Resources& capacity, const Contenders& members,
                             const PolicyOptions&) {
  auto division = blank(members);
  const auto crew = admitted(members);
  divide_fairly(capacity, members, crew, crew, division);
  set_fair_weights(capacity, members, crew, division);
  return division;
}

// Each member is one task that may be run in part; its demand is what the whole task takes.
Result<Division> divide_drf(const Resources& capacity, const Contenders& members,
                            const PolicyOptions&) {
  auto division = blank(members);
  const auto crew = admitted(members);
  std::vector<DrfMember> tasks;
  for (auto i : crew) {
    DrfMember task{{}, static_cast<double>(members[i].shares), 1.0};
    for (std::size_t r = 0; r < resource_count; ++r)
      task.task[r] = std::min(demand_of(members[i], r), capacity[r]);
    tasks.push_back(task);
  }
  const auto parts = solve_drf(tasks, capacity);
  for (std::size_t k = 0; k < crew.size(); ++k)
    for (std::size_t r = 0; r < resource_count; ++r)
      division.amount[crew[k]][r] =
          static_cast<std::int64_t>(std::floor(parts[k] * static_cast<double>(tasks[k].task[r])));
  set_fair_weights(capacity, members, crew, division);
  return division;
}

Result<Division> divide_priority(const Resources& capacity, const Contenders& members,
                                 const PolicyOptions&) {
  auto division = blank(members);
  const auto crew = admitted(members);
  std::vector<ClassMember> classes(crew.size());
  for (std::size_t r = 0; r < resource_count; ++r) {
    for (std::size_t k = 0; k < crew.size(); ++k) classes[k] = class_member(members[crew[k]], r);
    if (capacity[r] == 0 && std::ranges::all_of(classes, [](auto& c) { return c.floor == 0; }))
      continue;
    const auto amounts = divide_by_class(classes, capacity[r]);
    for (std::size_t k = 0; k < crew.size(); ++k) {
      division.amount[crew[k]][r] = amounts[k];
      if (amounts[k] < classes[k].floor) division.degraded = true;
    }
  }
  for (std::size_t k = 0; k < crew.size(); ++k) {
    const auto vessel = saturated_vessel(members[crew[k]], cpu);
    classes[k].floor = vessel.floor;
    classes[k].demand = vessel.ceiling;
  }
  set_weights(crew, class_entitlements(classes, capacity[cpu]), division);
  return division;
}

// Shares of CPU become the c-mu index; requests stay floors, so that speed for the short ones is
// never paid with a guarantee.
Result<Division> divide_latency(const Resources& capacity, const Contenders& members,
                                const PolicyOptions& options) {
  const auto crew = admitted(members);
  std::vector<Worker> workers;
  Wide load = 0;
  for (auto i : crew) {
    workers.push_back({members[i].shares, members[i].work});
    load += members[i].load;
  }
  if (load >= capacity[cpu] && load > 0) {
    auto division = divide_fair(capacity, members, options);
    division->unstable = true;
    return division;
  }
  const auto index = c_mu_entitlements(workers);
  auto indexed = members;
  for (std::size_t k = 0; k < crew.size(); ++k) indexed[crew[k]].shares = index[k];

  auto division = blank(members);
  divide_fairly(capacity, members, crew, crew, division);
  divide_one(
      capacity, indexed, crew, cpu, [](const Contender& member) { return vessel_of(member, cpu); },
      division);
  set_fair_weights(capacity, indexed, crew, division);
  return division;
}

}  // namespace weir
