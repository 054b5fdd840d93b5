// SPDX-License-Identifier: Apache-2.0
#include "crew.h"

namespace weir {
namespace {

constexpr auto cpu = static_cast<std::size_t>(Resource::cpu);
constexpr std::uint16_t kernel_default = 100;

}  // namespace

Division blank(const Contenders& members) {
  Division division;
  for (const auto& member : members)
    division.turn.push_back(member.admitted ? Turn::runs : Turn::waits);
  division.amount.resize(members.size());
  division.cpu_weight.resize(members.size(), kernel_default);
  return division;
}

Crew admitted(const Contenders& members) {
  Crew crew;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i].admitted) crew.push_back(i);
  return crew;
}

Crew running(const Division& division) {
  Crew crew;
  for (std::size_t i = 0; i < division.turn.size(); ++i)
    if (division.turn[i] == Turn::runs) crew.push_back(i);
  return crew;
}

void divide_fairly(const Resources& capacity, const Contenders& members, const Crew& on_cpu,
                   const Crew& resident, Division& division) {
  for (std::size_t r = 0; r < resource_count; ++r)
    divide_one(
        capacity, members, r == cpu ? on_cpu : resident, r,
        [r](const Contender& member) { return vessel_of(member, r); }, division);
}

void set_weights(const Crew& crew, const std::vector<std::int64_t>& entitlements,
                 Division& division) {
  const auto weights = cpu_weights(entitlements);
  for (std::size_t k = 0; k < crew.size(); ++k) division.cpu_weight[crew[k]] = weights[k];
}

void set_fair_weights(const Resources& capacity, const Contenders& members, const Crew& crew,
                      Division& division) {
  std::vector<Vessel> vessels;
  for (auto i : crew) vessels.push_back(saturated_vessel(members[i], cpu));
  std::vector<std::int64_t> entitlements(crew.size());
  WaterFill().divide(vessels, capacity[cpu], entitlements);
  set_weights(crew, entitlements, division);
}

}  // namespace weir
