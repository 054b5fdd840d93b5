// SPDX-License-Identifier: Apache-2.0
// W1 of docs/allocator.md 9: a kernel that divides by cpu.weight and knows nothing else gives every
// pool its reservation, whatever the others demand.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>

#include "policy/random_tree.h"

namespace weir::testing {
namespace {

/// What the kernel does with these weights: hierarchical weighted max-min over demands and
/// cpu.max, without floors.
std::vector<std::int64_t> kernel_divides(const RandomTree& tree,
                                         const std::vector<std::uint16_t>& weights) {
  auto nodes = tree.nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].shares = weights[i];
    nodes[i].reservation = 0;
  }
  return solve_fair(nodes, tree.capacity).amount;
}

std::vector<std::uint16_t> weights_of(const RandomTree& tree) {
  const auto entitled = solve_saturated(tree.nodes, tree.capacity).amount;
  std::vector<std::uint16_t> weights(tree.nodes.size());
  const auto set = [&](const std::vector<std::size_t>& group) {
    std::vector<std::int64_t> own;
    for (auto i : group) own.push_back(entitled[i]);
    const auto result = cpu_weights(own);
    for (std::size_t k = 0; k < group.size(); ++k) weights[group[k]] = result[k];
  };
  set(tree.children({}));
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) set(tree.children(i));
  return weights;
}

/// Siblings' entitlements more than 1:200 apart round by more than the promised percent.
bool rounds_well(const RandomTree& tree, const std::vector<std::int64_t>& entitled) {
  const auto well = [&](const std::vector<std::size_t>& group) {
    std::int64_t most = 0, least = unbounded;
    for (auto i : group) {
      most = std::max(most, entitled[i]);
      least = std::min(least, entitled[i]);
    }
    return group.empty() || most <= 200 * least;
  };
  if (!well(tree.children({}))) return false;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i)
    if (!well(tree.children(i))) return false;
  return true;
}

TEST_CASE("W1: weights from saturated entitlements keep every reservation") {
  std::size_t promises = 0;
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    const auto tree = random_tree(seed, Reservations::fitting);
    if (tree.capacity < 1'000'000) continue;
    const auto entitled = solve_saturated(tree.nodes, tree.capacity).amount;
    if (!rounds_well(tree, entitled)) continue;
    INFO("seed ", seed, ": ", tree.str());
    const auto got = kernel_divides(tree, weights_of(tree));
    const auto need = needs(tree);
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (tree.nodes[i].reservation == 0) continue;
      ++promises;
      // A percent a level, and a unit of rounding.
      const auto promised = std::min(need[i].floor, entitled[i]);
      REQUIRE(got[i] + promised * tree.level(i) / 100 + tree.level(i) >= promised);
    }
  }
  if (property_cases() >= 10'000) CHECK(promises > 5'000);
}

TEST_CASE("W1: the kernel with these weights leaves nothing idle that somebody demands") {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    const auto tree = random_tree(seed, Reservations::fitting);
    INFO("seed ", seed, ": ", tree.str());
    const auto got = kernel_divides(tree, weights_of(tree));
    const auto best = solve_fair(tree.nodes, tree.capacity).amount;
    Wide used = 0, wanted = 0;
    for (auto i : tree.children({})) {
      used += got[i];
      wanted += best[i];
    }
    REQUIRE(used == wanted);
  }
}

TEST_CASE("low weights are as precise as promised, or those of the full scale") {
  std::size_t low = 0;
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    const auto tree = random_tree(seed, Reservations::fitting);
    INFO("seed ", seed, ": ", tree.str());
    const auto entitled = solve_saturated(tree.nodes, tree.capacity).amount;
    std::vector<std::int64_t> own;
    for (auto i : tree.children({})) own.push_back(entitled[i]);
    const auto weights = low_cpu_weights(own);
    if (weights == cpu_weights(own)) continue;
    ++low;
    const double scale = std::ranges::max(weights);
    const auto largest = static_cast<double>(std::ranges::max(own));
    for (std::size_t i = 0; i < own.size(); ++i) {
      const auto exact = scale * static_cast<double>(own[i]) / largest;
      if (own[i] > 0) REQUIRE(std::abs(weights[i] - exact) <= 0.00501 * exact);
    }
  }
  if (property_cases() >= 1'000) CHECK(low > property_cases() / 10);
}

}  // namespace
}  // namespace weir::testing
