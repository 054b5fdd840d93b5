// SPDX-License-Identifier: Apache-2.0
// What follows usage over time: demand, damping, shrinking, rebalancing. Golden examples M1, R1
// and R2 of docs/allocator.md.
#include <doctest/doctest.h>

#include "weir/policy/demand.h"
#include "weir/policy/fair.h"
#include "weir/policy/memory_shrink.h"
#include "weir/policy/rebalance.h"
#include "weir/policy/remedy.h"

namespace weir {
namespace {

using Indices = std::vector<std::size_t>;

constexpr std::int64_t core = 1'000'000;
constexpr std::int64_t mib = std::int64_t{1} << 20;
constexpr std::int64_t gib = std::int64_t{1} << 30;

TEST_CASE("CPU demand: a margin when calm, a push under pressure, never beyond its caps") {
  CpuSample sample{core, 0, 8, {}, {}};
  CHECK(cpu_demand(sample) == 1'150'000);
  sample.some = 0.10;
  CHECK(cpu_demand(sample) == 1'500'000);
  sample.some = 0.50;
  CHECK(cpu_demand(sample) == 2'000'000);
  sample.some = 1.0;
  CHECK(cpu_demand(sample) == 8'000'000);  // as many cores as threads
  sample.cpuset = 2;
  CHECK(cpu_demand(sample) == 2'000'000);
  sample.limit = 1'700'000;
  CHECK(cpu_demand(sample) == 1'700'000);
}

TEST_CASE("a histogram forgets by half-lives and is exact to a bucket") {
  DecayedHistogram histogram(3600);
  CHECK(histogram.percentile(0.98) == 0);
  for (int i = 0; i < 100; ++i) histogram.add(i, gib);
  CHECK(histogram.percentile(0.5) >= gib);
  CHECK(histogram.percentile(0.98) <= gib + gib / 20 + 1);
  for (int i = 0; i < 100; ++i) histogram.add(40 * 3600 + i, mib);  // a thousandth is left
  CHECK(histogram.percentile(0.98) <= mib + mib / 20 + 1);
}

TEST_CASE("memory demand follows the high percentile, and need at once") {
  MemoryDemand demand;
  for (int i = 0; i < 100; ++i) demand.update({i * 2.0, gib, 0, false});
  const auto calm = demand.update({200, gib, 0, false});
  CHECK(calm >= gib * 115 / 100);
  CHECK(calm <= gib * 122 / 100);
  CHECK(demand.update({202, 2 * gib, 0, true}) >= 2 * gib * 12 / 10);
  CHECK(demand.update({204, 2 * gib, 0.05, false}) >= 2 * gib * 12 / 10);
}

TEST_CASE("an owner lends what it neither uses nor could not give back") {
  CHECK(lendable(4 * gib, gib, 3 * gib, 1 * gib) == 2 * gib);
  CHECK(lendable(4 * gib, 3 * gib, 3 * gib, 3 * gib) == gib);
  CHECK(lendable(gib, 3 * gib, 3 * gib, 0) == 0);
}

TEST_CASE("smoothing goes up fast and down slowly") {
  Smoother smoother;
  CHECK(smoother.update(1000) == 1000);
  CHECK(smoother.update(2000) == 1500);
  CHECK(smoother.update(500) == 1400);
}

TEST_CASE("damping ignores small changes and soon repeated ones") {
  Damper damper(100 * gib, 10);
  CHECK(damper.update(0, 10 * gib) == 10 * gib);
  CHECK_FALSE(damper.update(20, 10 * gib + gib / 2));  // below 1 % of the capacity
  CHECK(damper.update(22, 12 * gib) == 12 * gib);
  CHECK_FALSE(damper.update(25, 20 * gib));
  CHECK(damper.update(32, 20 * gib) == 20 * gib);
}

TEST_CASE("a fall is written once, when it has lasted") {
  Damper damper(16 * gib, 10);
  for (int i = 0; i < 10; ++i) damper.update(i * 2, 8 * gib);
  int writes = 0;
  std::int64_t last = 0;
  for (int i = 10; i < 100; ++i)
    if (const auto value = damper.update(i * 2, gib)) {
      CHECK(i > 20);
      last = *value;
      ++writes;
    }
  CHECK(writes == 1);
  CHECK(last < gib + 16 * gib / 100);
}

TEST_CASE("a square wave of demand causes at most two writes a period, none of cpu.weight") {
  constexpr int tick = 2, ticks = 960;
  for (int period = 2; period <= 240; ++period) {
    Damper memory_high(16 * gib, memory_high_dwell), cpu_max(4 * core, cpu_max_dwell);
    int memory_writes = 0, cpu_writes = 0;
    std::vector<FairNode> nodes(2);
    const auto weights = cpu_weights(solve_saturated(nodes, 4 * core).amount);
    for (int i = 0; i < ticks; ++i) {
      const bool high = i % period < period / 2;
      nodes[0].demand = high ? 4 * core : core / 10;
      if (cpu_weights(solve_saturated(nodes, 4 * core).amount) != weights) FAIL("weights moved");
      if (memory_high.update(i * tick, high ? 8 * gib : gib)) ++memory_writes;
      if (cpu_max.update(i * tick, *nodes[0].demand)) ++cpu_writes;
    }
    CAPTURE(period);
    const int periods = (ticks + period - 1) / period;
    CHECK(memory_writes <= 2 * periods);
    CHECK(cpu_writes <= 2 * periods);
  }
}

TEST_CASE("M1: a loser shrinks step by step and the winner grows into what was freed") {
  constexpr auto capacity = 15 * gib;
  std::vector<FairNode> nodes{{{}, 100, 4 * gib, {}, 9 * gib}, {{}, 200, 2 * gib, {}, 9 * gib}};
  const auto target = solve_fair(nodes, capacity).amount;
  CHECK(target == std::vector{6 * gib, 9 * gib});

  std::vector<MemoryLeaf> leaves{{9 * gib, 9 * gib, target[0], 0},
                                 {6 * gib, 6 * gib, target[1], 0}};
  const auto promised = [&] {
    std::int64_t sum = 0;
    for (const auto& leaf : leaves) sum += std::max(leaf.high, leaf.current);
    return sum;
  };
  for (std::int64_t tick = 1; tick <= 3; ++tick) {
    for (auto [i, high] : shrink_step(leaves, gib)) leaves[i].high = high;
    CHECK(promised() == capacity);  // the kernel has not yet reclaimed
    for (auto& leaf : leaves) leaf.current = std::min(leaf.current, leaf.high);
    for (auto [i, high] : grow_step(leaves, capacity)) {
      leaves[i].high = high;
      CHECK(promised() <= capacity);
    }
    leaves[1].current = leaves[1].high;  // B uses what it gets
    CHECK(leaves[0].high == (9 - tick) * gib);
    CHECK(leaves[1].high == (6 + tick) * gib);
    CHECK(promised() == capacity);
  }
  CHECK(shrink_step(leaves, gib).empty());
  CHECK(grow_step(leaves, capacity).empty());
}

TEST_CASE("shrinking takes 5 % or 16 MiB a step and rests under pressure") {
  std::vector<MemoryLeaf> leaves{
      {10 * gib, 20 * gib, gib, 0}, {64 * mib, 64 * mib, 0, 0}, {gib, gib, 0, 0.2}};
  const auto writes = shrink_step(leaves);
  REQUIRE(writes.size() == 2);
  CHECK(writes[0].high == 10 * gib - gib / 2);
  CHECK(writes[1].high == 48 * mib);
}

TEST_CASE("the time a shrink takes follows the rate of reclaim") {
  ReclaimRate rate;
  CHECK_FALSE(rate.time_for({2 * gib, 2 * gib, gib, 0}));
  rate.update(gib, 4);
  CHECK(rate.time_for({2 * gib, 2 * gib, gib, 0}) == doctest::Approx(4));
  CHECK(rate.time_for({gib, gib, 2 * gib, 0}) == 0.0);
}

PoolMember item(std::size_t pool, std::int64_t size, double cost) {
  return {pool, cpu_memory(0, size), cost, false};
}

TEST_CASE("R1: one move of the right member") {
  const std::vector<PoolRoom> pools(3, {cpu_memory(0, 10), {}, {}});
  const std::vector members{item(0, 6, 3), item(0, 5, 2), item(0, 3, 4), item(1, 7, 9),
                            item(2, 4, 9)};
  for (std::size_t exact : {0U, 400U}) {
    const auto plan = plan_moves(pools, members, {exact});
    CHECK(plan.fits);
    CHECK(plan.cost == 2);
    CHECK(plan.moves == std::vector<PlannedMove>{{1, 0, 2}});
  }
}

TEST_CASE("R2: where no single move fits, a swap") {
  const std::vector<PoolRoom> pools(2, {cpu_memory(0, 10), {}, {}});
  const std::vector members{item(0, 6, 1), item(0, 5, 1), item(1, 4, 1), item(1, 4, 1)};
  for (std::size_t exact : {0U, 400U}) {
    const auto plan = plan_moves(pools, members, {exact});
    CHECK(plan.fits);
    CHECK(plan.cost == 2);
    CHECK(plan.moves == std::vector<PlannedMove>{{1, 0, 1}, {2, 1, 0}});
  }
}

TEST_CASE("a move that a later one makes redundant is undone") {
  const std::vector<PoolRoom> pools(2, {cpu_memory(0, 10), {}, {}});
  std::vector members{item(0, 1, 0.1), item(0, 4, 2), item(0, 9, 1)};
  members[2].pinned = true;
  const auto plan = plan_moves(pools, members, {0, 0});
  CHECK(plan.moves == std::vector<PlannedMove>{{1, 0, 1}});
}

TEST_CASE("rebalancing keeps to where a pool spills, and leaves the pinned alone") {
  std::vector<PoolRoom> pools(3, {cpu_memory(0, 10), {}, {}});
  std::vector members{item(0, 6, 1), item(0, 6, 5)};
  pools[0].spill = Indices{2};
  CHECK(plan_moves(pools, members).moves == std::vector<PlannedMove>{{0, 0, 2}});
  members[0].pinned = true;
  CHECK(plan_moves(pools, members).moves == std::vector<PlannedMove>{{1, 0, 2}});
  pools[0].spill = Indices{};
  const auto stuck = plan_moves(pools, members);
  CHECK_FALSE(stuck.fits);
  CHECK(stuck.moves.empty());
}

TEST_CASE("limits before moves, and a reason for each") {
  std::vector<BalancePool> pools{{"ci", cpu_memory(0, 10 * gib), {}, {}},
                                 {"batch", cpu_memory(0, 10 * gib), {}, {}}};
  std::vector<BalanceMember> members{{"a", 0, cpu_memory(0, 8 * gib), 8 * gib, 8 * gib, 1, {}},
                                     {"b", 0, cpu_memory(0, 6 * gib), 6 * gib, 0, 1, {}}};
  const Indices over{0};
  auto remedies = plan_remedies(pools, members, over, {});
  REQUIRE(remedies.size() == 1);
  CHECK(remedies[0].kind == Remedy::Kind::squeeze);
  CHECK(remedies[0].reason ==
        "pool 'ci' holds 14GiB of 10GiB memory; reclaim gives the 4GiB back without a move");

  members[1].reclaimable = members[0].reclaimable = 0;
  CHECK(plan_remedies(pools, members, over, {}).empty());  // too much would stay behind

  members.push_back({"c", 0, cpu_memory(0, 3 * gib), 3 * gib, 3 * gib, 1, {}});
  members[1].usage = cpu_memory(0, 2 * gib);
  members[0].usage = cpu_memory(0, 9 * gib);
  pools[0].entitlement = cpu_memory(0, 11 * gib);
  remedies = plan_remedies(pools, members, over, {});
  REQUIRE(remedies.size() == 1);
  CHECK(remedies[0].kind == Remedy::Kind::squeeze);  // c alone can give back three
}

TEST_CASE("moves come when reclaim is not enough, within the budget and the dwell time") {
  std::vector<BalancePool> pools{{"ci", cpu_memory(0, 10 * gib), {}, {}},
                                 {"batch", cpu_memory(0, 10 * gib), {}, {}}};
  std::vector<BalanceMember> members{
      {"a", 0, cpu_memory(0, 11 * gib), 11 * gib, 0, 1, {}},
      {"b", 0, cpu_memory(0, 4 * gib), 4 * gib, 4 * gib * 95 / 100, 1, {}}};
  members[0].usage = cpu_memory(0, 10 * gib);
  const Indices over{0};
  auto remedies = plan_remedies(pools, members, over, {});
  REQUIRE(remedies.size() == 1);
  CHECK(remedies[0].kind == Remedy::Kind::move);
  CHECK(remedies[0].member == 1U);
  CHECK(remedies[0].reason ==
        "pool 'ci' holds 14GiB of 10GiB memory; 'b' takes 4GiB to 'batch', which has room for it");

  BalanceRules poor;
  poor.byte_budget = gib;
  CHECK(plan_remedies(pools, members, over, poor).empty());
  members[1].moved_ago = 30;
  CHECK(plan_remedies(pools, members, over, {}).empty());
}

TEST_CASE("an alarm needs three ticks in a row above ten percent") {
  OverageWatch watch;
  const std::vector high{0.2, 0.05}, low{0.05, 0.05};
  CHECK(watch.tick(high).empty());
  CHECK(watch.tick(high).empty());
  CHECK(watch.tick(low).empty());
  CHECK(watch.tick(high).empty());
  CHECK(watch.tick(high).empty());
  CHECK(watch.tick(high) == Indices{0});
}

TEST_CASE("at most a tenth of the resident bytes moves in ten minutes") {
  MoveBudget budget;
  CHECK(budget.left(0, 10 * gib) == gib);
  budget.spend(0, gib);
  CHECK(budget.left(599, 10 * gib) == 0);
  CHECK(budget.left(600, 10 * gib) == gib);
}

}  // namespace
}  // namespace weir
