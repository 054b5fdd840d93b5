// SPDX-License-Identifier: Apache-2.0
// The invariants I1 to I14 of docs/allocator.md 9, each on WEIR_PROPERTY_CASES random trees.
// Integer rounding moves an amount by less than one unit a level, so comparisons of two solutions
// allow as many units as the node is deep.
#include <algorithm>
#include <cstdlib>
#include <doctest/doctest.h>
#include <numeric>

#include "policy/random_tree.h"

namespace weir::testing {
namespace {

using Amounts = std::vector<std::int64_t>;

struct Solved {
  RandomTree tree;
  std::vector<Need> need;
  FairResult result;

  [[nodiscard]] Wide sum(const std::vector<std::size_t>& group) const {
    Wide total = 0;
    for (auto i : group) total += result.amount[i];
    return total;
  }
};

/// Calls `check(solved, siblings, what they share)` for every group of siblings in every tree.
template <class Check>
void for_all_groups(Check check) {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    Solved solved{random_tree(seed), {}, {}};
    solved.need = needs(solved.tree);
    solved.result = solve_fair(solved.tree.nodes, solved.tree.capacity);
    INFO("seed ", seed, ": ", solved.tree.str());
    check(solved, solved.tree.children({}), solved.tree.capacity);
    for (std::size_t i = 0; i < solved.tree.nodes.size(); ++i)
      if (auto group = solved.tree.children(i); !group.empty())
        check(solved, group, solved.result.amount[i]);
  }
}

/// Calls `check(tree, amounts, random)` for every tree.
template <class Check>
void for_all_trees(Reservations reservations, Check check) {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    const auto tree = random_tree(seed, reservations);
    INFO("seed ", seed, ": ", tree.str());
    Random random(seed + 1'000'000'007);
    check(tree, solve_fair(tree.nodes, tree.capacity).amount, random);
  }
}

Amounts solve(const RandomTree& tree) { return solve_fair(tree.nodes, tree.capacity).amount; }

TEST_CASE("I1, I4, I5: children get exactly what their parent has, unless they demand less") {
  for_all_groups([](const Solved& solved, const auto& group, std::int64_t total) {
    Wide demand = 0;
    for (auto i : group) demand += solved.need[i].demand;
    REQUIRE(solved.sum(group) == std::min(Wide{total}, demand));
  });
}

TEST_CASE("I2: nobody gets more than it demands, nor more than its limit") {
  for_all_groups([](const Solved& solved, const auto& group, std::int64_t) {
    for (auto i : group) {
      REQUIRE(solved.result.amount[i] >= 0);
      REQUIRE(solved.result.amount[i] <= solved.need[i].demand);
      REQUIRE(solved.result.amount[i] <= solved.tree.nodes[i].limit.value_or(unbounded));
    }
  });
}

TEST_CASE("I3: everyone gets its floor, or says degraded and gets its part of it") {
  for_all_groups([](const Solved& solved, const auto& group, std::int64_t total) {
    Wide floors = 0;
    for (auto i : group) floors += solved.need[i].floor;
    for (auto i : group) {
      const Wide floor = solved.need[i].floor;
      const Wide amount = solved.result.amount[i];
      REQUIRE(solved.result.degraded[i] == (amount < floor));
      if (solved.result.degraded[i]) REQUIRE(floors > total);
      if (amount < floor) REQUIRE(amount >= floor * total / floors);
    }
  });
}

TEST_CASE("I6, I7: who stands above its floor has no more a share than who could use more") {
  for_all_groups([](const Solved& solved, const auto& group, std::int64_t total) {
    Wide floors = 0;
    for (auto i : group) floors += solved.need[i].floor;
    if (floors > total) return;  // I3's business
    for (auto rich : group)
      for (auto poor : group) {
        const Wide has = solved.result.amount[rich], lacks = solved.result.amount[poor];
        if (has <= solved.need[rich].floor || lacks >= solved.need[poor].demand) continue;
        const Wide rich_shares = solved.tree.nodes[rich].shares;
        const Wide poor_shares = solved.tree.nodes[poor].shares;
        // has/rich_shares - lacks/poor_shares <= 1/rich_shares + 1/poor_shares
        REQUIRE(has * poor_shares - lacks * rich_shares <= poor_shares + rich_shares);
      }
  });
}

TEST_CASE("I8: more capacity hurts nobody") {
  for_all_trees(Reservations::any, [](RandomTree tree, const Amounts& before, Random& random) {
    tree.capacity += random.between(0, tree.capacity);
    const auto after = solve(tree);
    for (std::size_t i = 0; i < before.size(); ++i) REQUIRE(after[i] >= before[i] - tree.level(i));
  });
}

TEST_CASE("I9: a higher demand raises no other leaf and does not lower its own") {
  for_all_trees(Reservations::fitting, [](RandomTree tree, const Amounts& before, Random& random) {
    const auto leaves = tree.leaves();
    const auto changed = leaves[random.below(leaves.size())];
    auto& demand = tree.nodes[changed].demand;
    if (!demand) return;
    *demand += random.between(0, 2 * *demand + 1);
    const auto after = solve(tree);
    for (auto i : leaves) {
      if (i == changed) REQUIRE(after[i] >= before[i] - tree.level(i));
      if (i != changed) REQUIRE(after[i] <= before[i] + tree.level(i));
    }
  });
}

TEST_CASE("I10: an answer moves no further than the demand that moved it") {
  for_all_trees(Reservations::any, [](RandomTree tree, const Amounts& before, Random& random) {
    const auto leaves = tree.leaves();
    auto& demand = tree.nodes[leaves[random.below(leaves.size())]].demand;
    if (!demand) return;
    const auto old = *demand;
    demand = random.between(0, 2 * old + 1);
    const auto change = std::abs(*demand - old);
    const auto after = solve(tree);
    std::int64_t moved = 0, rounding = 0;
    for (auto i : leaves) {
      REQUIRE(std::abs(after[i] - before[i]) <= change + tree.level(i));
      moved += std::abs(after[i] - before[i]);
      rounding += tree.level(i);
    }
    REQUIRE(moved <= 2 * change + rounding);
  });
}

TEST_CASE("I11: amounts scale with the units, and shares only matter by their ratios") {
  for_all_trees(Reservations::any, [](RandomTree tree, const Amounts& before, Random& random) {
    const auto factor = random.between(2, 1000);
    auto scaled = tree;
    scaled.capacity *= factor;
    for (auto& node : scaled.nodes) {
      node.reservation *= factor;
      if (node.limit) *node.limit *= factor;
      if (node.demand) *node.demand *= factor;
    }
    const auto after = solve(scaled);
    for (std::size_t i = 0; i < before.size(); ++i)
      REQUIRE(std::abs(after[i] - factor * before[i]) <= tree.level(i) * (factor + 1));
    for (auto& node : tree.nodes) node.shares *= factor;
    REQUIRE(solve(tree) == before);
  });
}

TEST_CASE("I12: the same question has the same answer, whatever the order of siblings") {
  for_all_trees(Reservations::any, [](const RandomTree& tree, const Amounts& amounts, Random&) {
    REQUIRE(solve(tree) == amounts);
    // Depth first with siblings backwards is another order in which parents stand first.
    std::vector<std::size_t> order, todo = tree.children({});
    while (!todo.empty()) {
      order.push_back(todo.back());
      todo.pop_back();
      for (auto c : tree.children(order.back())) todo.push_back(c);
    }
    std::vector<std::size_t> place(order.size());
    for (std::size_t k = 0; k < order.size(); ++k) place[order[k]] = k;
    RandomTree mirrored{{}, tree.capacity};
    for (auto i : order) {
      mirrored.nodes.push_back(tree.nodes[i]);
      if (auto& parent = mirrored.nodes.back().parent) parent = place[*parent];
    }
    const auto other = solve(mirrored);
    for (std::size_t i = 0; i < amounts.size(); ++i)
      REQUIRE(std::abs(other[place[i]] - amounts[i]) <= tree.level(i));
  });
}

TEST_CASE("I13: who demands what it has got gets it again") {
  for_all_trees(Reservations::any, [](RandomTree tree, const Amounts& amounts, Random&) {
    for (auto i : tree.leaves()) tree.nodes[i].demand = amounts[i];
    REQUIRE(solve(tree) == amounts);
  });
}

TEST_CASE("I14: a leaf that splits into equal halves gains nothing") {
  for_all_trees(Reservations::any, [](RandomTree tree, const Amounts&, Random& random) {
    const auto leaves = tree.leaves();
    auto& whole = tree.nodes[leaves[random.below(leaves.size())]];
    const auto even = [](std::int64_t value) { return value / 2 * 2; };
    for (auto& node : tree.nodes) node.shares *= 2;
    whole.reservation = even(whole.reservation);
    if (whole.limit) *whole.limit = even(*whole.limit);
    if (whole.demand) *whole.demand = even(*whole.demand);
    const auto before = solve(tree);

    auto half = whole;
    half.shares /= 2;
    half.reservation /= 2;
    if (half.limit) *half.limit /= 2;
    if (half.demand) *half.demand /= 2;
    const auto split = static_cast<std::size_t>(&whole - tree.nodes.data());
    whole = half;
    tree.nodes.push_back(half);
    auto after = solve(tree);
    after[split] += after.back();
    for (std::size_t i = 0; i < before.size(); ++i)
      REQUIRE(std::abs(after[i] - before[i]) <= std::max(2, tree.level(i)));
  });
}

}  // namespace
}  // namespace weir::testing
