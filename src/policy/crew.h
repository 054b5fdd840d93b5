// SPDX-License-Identifier: Apache-2.0
// What the rules of policies have in common: some members take part, and one resource at a time is
// divided among them.
#pragma once

#include <algorithm>
#include <vector>

#include "weir/policy/fair.h"

#include "divisions.h"

namespace weir {

using Crew = std::vector<std::size_t>;  ///< indices of members that take part

inline std::int64_t demand_of(const Contender& member, std::size_t r) {
  return std::min(member.demand[r], member.limit[r]);
}

inline std::int64_t floor_of(const Contender& member, std::size_t r) {
  return std::min(member.request[r], demand_of(member, r));
}

/// As if it wanted everything: the basis of weights.
inline Vessel saturated_vessel(const Contender& member, std::size_t r) {
  return {member.shares, std::min(member.request[r], member.limit[r]), member.limit[r]};
}

inline Vessel vessel_of(const Contender& member, std::size_t r) {
  return {member.shares, floor_of(member, r), demand_of(member, r)};
}

/// Nobody has anything yet; who is admitted runs, the others wait.
Division blank(const Contenders& members);
Crew admitted(const Contenders& members);
/// Those whose turn it is.
Crew running(const Division& division);

/// Divides resource `r` among `crew` by what `to_vessel(member)` says, into division.amount.
template <class ToVessel>
void divide_one(const Resources& capacity, const Contenders& members, const Crew& crew,
                std::size_t r, ToVessel to_vessel, Division& division) {
  if (capacity[r] == 0) {  // most hosts divide two resources of four: nothing to do for the rest
    for (auto i : crew) {
      division.amount[i][r] = 0;
      if (to_vessel(members[i]).floor > 0) division.degraded = true;
    }
    return;
  }
  std::vector<Vessel> vessels;
  vessels.reserve(crew.size());
  for (auto i : crew) vessels.push_back(to_vessel(members[i]));
  std::vector<std::int64_t> amounts(crew.size());
  WaterFill().divide(vessels, capacity[r], amounts);
  for (std::size_t k = 0; k < crew.size(); ++k) {
    division.amount[crew[k]][r] = amounts[k];
    if (amounts[k] < vessels[k].floor) division.degraded = true;
  }
}

/// Fair shares of CPU for `on_cpu`, of everything else for `resident`: who is frozen keeps its
/// memory.
void divide_fairly(const Resources& capacity, const Contenders& members, const Crew& on_cpu,
                   const Crew& resident, Division& division);

/// cpu.weight of `crew` from entitlements in the same order; the others keep the kernel's default.
void set_weights(const Crew& crew, const std::vector<std::int64_t>& entitlements,
                 Division& division);

/// cpu.weight from the fair, saturated solve.
void set_fair_weights(const Resources& capacity, const Contenders& members, const Crew& crew,
                      Division& division);

}  // namespace weir
