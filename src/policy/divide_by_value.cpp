// SPDX-License-Identifier: Apache-2.0
// Policy `throughput`: one resource by the exact greedy, several by linear programming.
#include <algorithm>
#include <cmath>

#include "weir/policy/throughput.h"

#include "crew.h"

namespace weir {
namespace {

constexpr auto cpu = static_cast<std::size_t>(Resource::cpu);

/// What the container's value is the value of: its request, else its limit, else its demand.
Resources nominal_size(const Contender& member, const Resources& capacity) {
  Resources size;
  for (std::size_t r = 0; r < resource_count; ++r) {
    size[r] = member.request[r];
    if (size[r] == 0 && member.limit[r] < unbounded) size[r] = member.limit[r];
    if (size[r] == 0) size[r] = member.demand[r];
    size[r] = std::min(size[r], capacity[r]);
  }
  return size;
}

/// How many times its nominal size a member gets when it gets `amount`.
double times_nominal(const Resources& amount, const Resources& size) {
  double least = lp_infinity;
  for (std::size_t r = 0; r < resource_count; ++r)
    if (size[r] > 0)
      least = std::min(least, static_cast<double>(amount[r]) / static_cast<double>(size[r]));
  return std::min(least, 1e9);
}

enum class Wanting { its_demand, everything };

ThroughputTree tree_for(const Resources& capacity, const Contenders& members, const Crew& crew,
                        Wanting wanting) {
  ThroughputTree tree{capacity, {}, {}};
  for (auto i : crew) {
    const auto& member = members[i];
    Resources wants = member.limit;
    if (wanting == Wanting::its_demand)
      for (std::size_t r = 0; r < resource_count; ++r) wants[r] = demand_of(member, r);
    const auto size = nominal_size(member, capacity);
    const double most = times_nominal(wants, size);
    const double least = std::min(times_nominal(member.request, size), most);
    tree.members.push_back({{}, member.value, size, least, most});
  }
  return tree;
}

std::size_t resources_used(const ThroughputTree& tree, std::size_t& only) {
  std::size_t used = 0;
  for (std::size_t r = 0; r < resource_count; ++r)
    if (std::ranges::any_of(tree.members, [r](const auto& m) { return m.task[r] > 0; })) {
      ++used;
      only = r;
    }
  return used;
}

std::vector<Resources> solve_one(const ThroughputTree& tree, std::size_t r) {
  std::vector<ValueNode> nodes;
  for (const auto& member : tree.members) {
    const auto size = static_cast<double>(member.task[r]);
    const auto units = [&](double tasks) {
      return static_cast<std::int64_t>(std::min(size * tasks, static_cast<double>(unbounded)));
    };
    nodes.push_back(
        {{}, member.value / std::max(1.0, size), units(member.least), {}, units(member.most)});
  }
  const auto amounts = solve_throughput(nodes, tree.capacity[r]);
  std::vector<Resources> result(amounts.size());
  for (std::size_t i = 0; i < amounts.size(); ++i) result[i][r] = amounts[i];
  return result;
}

Result<std::vector<Resources>> solve(const ThroughputTree& tree, LpSolver* solver) {
  std::size_t only = 0;
  if (resources_used(tree, only) <= 1) return solve_one(tree, only);
  if (solver == nullptr)
    return fail(Errc::unsupported, "policy throughput over several resources needs an LP solver");
  WEIR_TRY(auto result, solve_throughput(tree, *solver));
  return std::move(result.amount);
}

}  // namespace

Result<Division> divide_throughput(const Resources& capacity, const Contenders& members,
                                   const PolicyOptions& options) {
  const auto crew = admitted(members);
  auto amounts = solve(tree_for(capacity, members, crew, Wanting::its_demand), options.solver);
  auto saturated = solve(tree_for(capacity, members, crew, Wanting::everything), options.solver);
  for (const auto* result : {&amounts, &saturated}) {
    if (*result) continue;
    if (result->error().code != Errc::no_capacity) return tl::unexpected(result->error());
    // Not even the requests fit: nothing is left to optimise, and fair shrinks them evenly.
    auto division = divide_fair(capacity, members, options);
    division->degraded = true;
    return division;
  }
  auto division = blank(members);
  std::vector<std::int64_t> entitlements;
  for (std::size_t k = 0; k < crew.size(); ++k) {
    division.amount[crew[k]] = (*amounts)[k];
    entitlements.push_back((*saturated)[k][cpu]);
  }
  set_weights(crew, entitlements, division);
  return division;
}

}  // namespace weir
