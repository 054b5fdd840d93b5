// SPDX-License-Identifier: Apache-2.0
// Policy throughput: golden examples T1 to T3, CLP against GLPK, the greedy against both.
#include <cmath>
#include <doctest/doctest.h>

#include "weir/policy/policy.h"
#include "weir/policy/throughput.h"
#include "weir/runtime/clp_solver.h"

#include "oracle/glpk_solver.h"
#include "policy/random_tree.h"

namespace weir::testing {
namespace {

constexpr std::int64_t core = 1'000'000;
constexpr std::int64_t gib = std::int64_t{1} << 30;

ThroughputTree golden(double most_a, double least_b) {
  ThroughputTree tree{cpu_memory(4 * core, 8 * gib), {}, {}};
  tree.members.push_back({{}, 3, cpu_memory(core, gib), 0, most_a});
  tree.members.push_back({{}, 2, cpu_memory(core / 2, 2 * gib), least_b, 4});
  return tree;
}

void check_golden(LpSolver& solver) {
  const auto t1 = solve_throughput(golden(3, 0), solver);
  REQUIRE(t1);
  CHECK(t1->value == doctest::Approx(40.0 / 3).epsilon(1e-9));
  CHECK(t1->tasks[0] == doctest::Approx(8.0 / 3).epsilon(1e-9));
  CHECK(t1->tasks[1] == doctest::Approx(8.0 / 3).epsilon(1e-9));
  CHECK(t1->price[Resource::cpu] == doctest::Approx(4 * 8.0 / 3 * 1e6).epsilon(1e-6));
  CHECK(t1->price[Resource::memory] == doctest::Approx(8 * 1.0 / 3 * 1e6).epsilon(1e-6));

  const auto t2 = solve_throughput(golden(2, 0), solver);
  CHECK(t2->value == doctest::Approx(12).epsilon(1e-9));
  CHECK(t2->tasks[1] == doctest::Approx(3).epsilon(1e-9));

  const auto t3 = solve_throughput(golden(3, 3.5), solver);
  CHECK(t3->value == doctest::Approx(10).epsilon(1e-9));
  CHECK(t3->tasks[0] == doctest::Approx(1).epsilon(1e-9));

  const auto impossible = solve_throughput(golden(3, 9), solver);
  REQUIRE_FALSE(impossible);
  CHECK(impossible.error().code == Errc::no_capacity);
}

TEST_CASE("T1 to T3 with CLP") { check_golden(*make_clp_solver()); }

TEST_CASE("T1 to T3 with GLPK") {
  GlpkSolver glpk;
  check_golden(glpk);
}

ThroughputTree random_throughput(std::uint64_t seed) {
  Random random(seed);
  ThroughputTree tree;
  for (auto& amount : tree.capacity.amount) amount = random.between(1'000, 100'000'000);
  const auto pools = random.below(5);
  for (std::size_t p = 0; p < pools; ++p) {
    ThroughputTree::Node node;
    if (p > 0 && random.chance(50)) node.parent = random.below(p);
    for (std::size_t r = 0; r < resource_count; ++r)
      if (random.chance(50)) node.limit[r] = random.between(0, tree.capacity[r]);
    tree.nodes.push_back(node);
  }
  const auto members = random.between(1, 40);
  for (std::int64_t i = 0; i < members; ++i) {
    ThroughputTree::Member member;
    if (pools > 0 && random.chance(80)) member.node = random.below(pools);
    member.value = static_cast<double>(random.between(1, 100));
    for (std::size_t r = 0; r < resource_count; ++r)
      if (random.chance(70)) member.task[r] = random.between(1, tree.capacity[r]);
    member.most = static_cast<double>(random.between(1, 8));
    tree.members.push_back(member);
  }
  return tree;
}

void check_feasible(const ThroughputTree& tree, const ThroughputResult& result) {
  for (std::size_t r = 0; r < resource_count; ++r) {
    Wide sum = 0;
    for (const auto& amount : result.amount) sum += amount[r];
    REQUIRE(sum <= tree.capacity[r]);
  }
}

TEST_CASE("T2: CLP and GLPK agree to 1e-7 on random trees, and integers stay feasible") {
  const auto clp = make_clp_solver();
  GlpkSolver glpk;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const auto tree = random_throughput(seed);
    const auto ours = solve_throughput(tree, *clp);
    const auto theirs = solve_throughput(tree, glpk);
    REQUIRE(ours);
    REQUIRE(theirs);
    REQUIRE(std::abs(ours->value - theirs->value) <= 1e-7 * std::max(1.0, theirs->value));
    check_feasible(tree, *ours);
  }
}

/// The greedy's problem as a linear program.
LpProblem as_program(const RandomTree& tree, const std::vector<ValueNode>& nodes,
                     const std::vector<Need>& need) {
  LpProblem lp;
  const double scale = 1.0 / static_cast<double>(std::max<std::int64_t>(1, tree.capacity));
  const auto leaves = tree.leaves();
  for (std::size_t i = 0; i < nodes.size(); ++i)
    lp.rows.push_back(
        {static_cast<double>(need[i].floor) * scale, static_cast<double>(need[i].demand) * scale});
  lp.rows.push_back({-lp_infinity, static_cast<double>(tree.capacity) * scale});
  for (auto leaf : leaves) {
    const auto column = lp.columns.size();
    lp.columns.push_back({nodes[leaf].value, 0, lp_infinity});
    for (std::optional at = leaf; at; at = nodes[*at].parent)
      lp.entries.push_back({*at, column, 1});
    lp.entries.push_back({nodes.size(), column, 1});
  }
  return lp;
}

TEST_CASE("one resource: the greedy is optimal") {
  GlpkSolver glpk;
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 1'000 && compared < 300; ++seed) {
    CAPTURE(seed);
    const auto tree = random_tree(seed, Reservations::fitting);
    Random random(seed + 77);
    std::vector<ValueNode> nodes;
    for (const auto& node : tree.nodes)
      nodes.push_back({node.parent, static_cast<double>(random.between(1, 9)), node.reservation,
                       node.limit, node.demand});
    auto need = needs(tree);
    const auto program = as_program(tree, nodes, need);
    const auto optimum = glpk.maximise(program);
    if (!optimum || tree.capacity == 0) continue;
    ++compared;
    const auto amounts = solve_throughput(nodes, tree.capacity);
    double value = 0;
    for (auto leaf : tree.leaves()) value += nodes[leaf].value * static_cast<double>(amounts[leaf]);
    value /= static_cast<double>(tree.capacity);
    REQUIRE(value == doctest::Approx(optimum->objective).epsilon(1e-7));
  }
  CHECK(compared == 300);
}

TEST_CASE("T1: throughput is worth at least what fair is worth") {
  const auto clp = make_clp_solver();
  PolicyOptions options;
  options.solver = clp.get();
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto capacity = cpu_memory(16 * core, 64 * gib);
    std::vector<Contender> members(random.below(12) + 1);
    for (auto& member : members) {
      member.value = static_cast<double>(random.between(1, 9));
      member.demand = cpu_memory(random.between(core, 8 * core), random.between(gib, 32 * gib));
    }
    const auto value_of = [&](const Division& division) {
      double sum = 0;
      for (std::size_t i = 0; i < members.size(); ++i) {
        double part = 1;
        for (auto r : {Resource::cpu, Resource::memory})
          part = std::min(part, static_cast<double>(division.amount[i][r]) /
                                    static_cast<double>(members[i].demand[r]));
        sum += part * members[i].value;
      }
      return sum;
    };
    const auto best = make_policy(PolicyKind::throughput, options)->divide(capacity, members);
    const auto fair = make_policy(PolicyKind::fair)->divide(capacity, members);
    REQUIRE(best);
    REQUIRE(value_of(*best) >= value_of(*fair) * (1 - 1e-6));
  }
}

}  // namespace
}  // namespace weir::testing
