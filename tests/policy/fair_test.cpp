// SPDX-License-Identifier: Apache-2.0
// The golden examples G1 to G8, V1 and W1 of docs/allocator.md.
#include "weir/policy/fair.h"

#include <doctest/doctest.h>

namespace weir {
namespace {

using Amounts = std::vector<std::int64_t>;
using Weights = std::vector<std::uint16_t>;

constexpr std::int64_t core = 1'000'000;

FairNode pool(std::int64_t shares, std::int64_t reservation = 0,
              std::optional<std::int64_t> limit = {}) {
  return {{}, shares, reservation, limit, {}};
}

FairNode leaf(std::size_t parent, std::int64_t shares, std::int64_t demand,
              std::optional<std::int64_t> limit = {}) {
  return {parent, shares, 0, limit, demand};
}

Weights weights_of(const Amounts& entitlements) { return cpu_weights(entitlements); }

Weights weights_of(std::span<const FairNode> siblings, std::int64_t capacity) {
  return cpu_weights(solve_saturated(siblings, capacity).amount);
}

TEST_CASE("G1: shares alone divide in proportion") {
  std::vector nodes{pool(1), pool(2), pool(3)};
  CHECK(solve_fair(nodes, 6 * core).amount == Amounts{1 * core, 2 * core, 3 * core});
  CHECK(weights_of(nodes, 6 * core) == Weights{3333, 6667, 10000});
}

TEST_CASE("G2 and V1: what one does not demand goes to the others, and moves no further") {
  std::vector nodes{pool(1), pool(2), pool(3)};
  nodes[0].demand = 500'000;
  CHECK(solve_fair(nodes, 6 * core).amount == Amounts{500'000, 2'200'000, 3'300'000});
  nodes[0].demand = 600'000;
  CHECK(solve_fair(nodes, 6 * core).amount == Amounts{600'000, 2'160'000, 3'240'000});
}

TEST_CASE("G3: a reservation counts towards the share") {
  std::vector nodes{pool(1, 2 * core), pool(2), pool(3)};
  CHECK(solve_fair(nodes, 6 * core).amount == Amounts{2 * core, 1'600'000, 2'400'000});
  CHECK(weights_of(nodes, 6 * core) == Weights{8333, 6667, 10000});
}

TEST_CASE("G4: a limit gives back what it cuts off") {
  std::vector nodes{pool(1, 2 * core), pool(2), pool(3, 0, 1'500'000)};
  CHECK(solve_fair(nodes, 6 * core).amount == Amounts{2 * core, 2'500'000, 1'500'000});
  CHECK(weights_of(nodes, 6 * core) == Weights{8000, 10000, 6000});
}

TEST_CASE("G5 and G6: overcommitted reservations shrink in proportion and say so") {
  std::vector same{pool(1, 4 * core), pool(2, 4 * core), pool(3, 4 * core)};
  auto result = solve_fair(same, 6 * core);
  CHECK(result.amount == Amounts{2 * core, 2 * core, 2 * core});
  CHECK(result.degraded == std::vector{true, true, true});

  std::vector mixed{pool(1, 6 * core), pool(1, 2 * core), pool(1, 1 * core)};
  CHECK(solve_fair(mixed, 6 * core).amount == Amounts{4'000'000, 1'333'333, 666'667});
}

TEST_CASE("G7: nobody gets more than it demands") {
  std::vector nodes{pool(1), pool(2), pool(3)};
  for (auto& node : nodes) node.demand = core;
  auto result = solve_fair(nodes, 6 * core);
  CHECK(result.amount == Amounts{core, core, core});
  CHECK(result.degraded == std::vector{false, false, false});
}

TEST_CASE("G8: a tree of pools, its saturated form, and what the kernel makes of the weights") {
  std::vector nodes{pool(200, 2 * core),          pool(100, 0, 3 * core), pool(100, 1 * core),
                    leaf(0, 100, 5 * core),       leaf(0, 300, 500'000),  leaf(1, 100, 9 * core),
                    leaf(1, 100, 9 * core, core), leaf(2, 100, 0)};
  CHECK(solve_fair(nodes, 8 * core).amount ==
        Amounts{5'333'333, 2'666'667, 0, 4'833'333, 500'000, 1'666'667, core, 0});

  const auto saturated = solve_saturated(nodes, 8 * core).amount;
  CHECK(saturated == Amounts{4 * core, 2 * core, 2 * core, core, 3 * core, core, core, 2 * core});
  const auto top = weights_of(Amounts{saturated[0], saturated[1], saturated[2]});
  CHECK(top == Weights{10000, 5000, 5000});
  CHECK(weights_of(Amounts{saturated[3], saturated[4]}) == Weights{3333, 10000});
  CHECK(weights_of(Amounts{saturated[5], saturated[6]}) == Weights{10000, 10000});

  // The kernel is a water-fill by cpu.weight with neither floors nor limits but cpu.max.
  std::vector<Vessel> kernel{{top[0], 0, 5'500'000}, {top[1], 0, 3 * core}, {top[2], 0, 0}};
  Amounts measured(3);
  WaterFill().divide(kernel, 8 * core, measured);
  CHECK(measured == Amounts{5'333'333, 2'666'667, 0});
}

TEST_CASE("W1: the largest entitlement weighs 10000, the smallest at least 1") {
  CHECK(weights_of(Amounts{9'000'000, 900'000, 90'000}) == Weights{10000, 1000, 100});
  CHECK(weights_of(Amounts{1'000'000, 330}) == Weights{10000, 3});
  CHECK(weights_of(Amounts{1'000'000, 0}) == Weights{10000, 1});
  CHECK(weights_of(Amounts{0, 0}) == Weights{100, 100});
  CHECK(weights_of(Amounts{}).empty());
}

TEST_CASE("low weights: the smallest scale that keeps every one within half a per cent") {
  const auto low = [](const Amounts& entitlements) { return low_cpu_weights(entitlements); };
  CHECK(low({core, core, core}) == Weights{100, 100, 100});
  CHECK(low({core, 3 * core}) == Weights{67, 200});
  CHECK(low({core, 100 * core}) == Weights{1, 100});
  CHECK(low({core, 7 * core}) == Weights{43, 300});
  CHECK(low({core, 700 * core}) == Weights{14, 10000});
  CHECK(low({core, 0}) == Weights{100, 1});
  CHECK(low({0, 0}) == Weights{100, 100});
  CHECK(low({}).empty());
}

TEST_CASE("infinite demands and the largest quantities do not overflow") {
  constexpr std::int64_t huge = std::int64_t{1} << 60;
  std::vector<FairNode> nodes(1000, pool(1'000'000, huge));
  for (std::size_t i = 1; i < nodes.size(); i += 2) nodes[i].parent = i - 1;
  const auto result = solve_fair(nodes, huge);
  Wide sum = 0;
  for (std::size_t i = 0; i < nodes.size(); i += 2) {
    sum += result.amount[i];
    CHECK(result.amount[i] == result.amount[i + 1]);
  }
  CHECK(static_cast<std::int64_t>(sum) == huge);
}

TEST_CASE("units left over by rounding go to the largest remainders, ties to the first") {
  std::vector same{pool(1), pool(1), pool(1)};
  CHECK(solve_fair(same, 5).amount == Amounts{2, 2, 1});
  std::vector skewed{pool(1), pool(1), pool(4)};
  CHECK(solve_fair(skewed, 10).amount == Amounts{2, 2, 6});
  CHECK(solve_fair(skewed, 11).amount == Amounts{2, 2, 7});
}

TEST_CASE("an empty tree, and nothing to divide") {
  CHECK(solve_fair({}, core).amount.empty());
  std::vector nodes{pool(1, core)};
  auto result = solve_fair(nodes, 0);
  CHECK(result.amount == Amounts{0});
  CHECK(result.degraded == std::vector{true});
}

}  // namespace
}  // namespace weir
