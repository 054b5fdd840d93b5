// SPDX-License-Identifier: Apache-2.0
// Dynamic mode: who lends, who gets, and how often a file is written.
#include <algorithm>
#include <array>
#include <doctest/doctest.h>

#include "weir/policy/dynamic.h"
#include "weir/policy/spill.h"

using namespace weir;

namespace {

constexpr std::int64_t mib = std::int64_t{1} << 20, core = micro_per_core;

Pool pool(const char* name, Mode mode, std::int64_t reservation) {
  Pool out{.spec = {.name = *PoolName::parse(name)}};
  out.spec.mode = mode;
  out.memory.reservation = Bytes{reservation};
  return out;
}

/// owner reserves 400 MiB of 1000, hungry nothing.
PoolTree two_pools() {
  PoolTree tree;
  tree.capacity.memory = Bytes{1000 * mib};
  tree.capacity.cpu = whole_cores(4);
  tree.pools = {pool("owner", Mode::dynamic, 400 * mib), pool("hungry", Mode::dynamic, 0)};
  return tree;
}

PoolSample holding(double time, std::int64_t bytes, std::int64_t reclaimable, bool alive) {
  PoolSample out;
  out.time = time;
  out.current = bytes;
  out.reclaimable = reclaimable;
  out.alive = alive;
  return out;
}

PoolDemand needs(std::int64_t held, bool all = false) {
  PoolDemand out;
  out.held = held;
  out.wants_all = all;
  return out;
}

}  // namespace

TEST_CASE("dynamic: a pool holds the working set of its last minute") {
  PoolEstimator estimator;
  CHECK(estimator.update(holding(0, 300 * mib, 300 * mib, true)).held == 300 * mib);
  CHECK(estimator.update(holding(30, 100 * mib, 100 * mib, true)).held == 300 * mib);
  CHECK(estimator.update(holding(61, 100 * mib, 100 * mib, true)).held == 100 * mib);
}

TEST_CASE("dynamic: an idle pool holds after a minute only what reclaim cannot take") {
  PoolEstimator estimator;
  estimator.update(holding(0, 300 * mib, 200 * mib, true));
  CHECK(estimator.update(holding(59, 300 * mib, 200 * mib, false)).held == 300 * mib);
  CHECK(estimator.update(holding(61, 300 * mib, 200 * mib, false)).held == 100 * mib);
}

TEST_CASE("dynamic: who ran short of memory wants all until it has slept for a minute") {
  PoolEstimator estimator;
  auto sample = holding(0, 100 * mib, 0, true);
  CHECK_FALSE(estimator.update(sample).wants_all);
  sample.hit_limit = true;
  CHECK(estimator.update(sample).wants_all);
  sample.hit_limit = false;
  sample.time = 100;
  CHECK(estimator.update(sample).wants_all);
  sample.alive = false;
  sample.time = 159;
  CHECK(estimator.update(sample).wants_all);
  sample.time = 161;
  CHECK_FALSE(estimator.update(sample).wants_all);
  sample.time = 162;
  sample.alive = true;
  CHECK_FALSE(estimator.update(sample).wants_all);
  sample.memory_some = 0.02;
  CHECK(estimator.update(sample).wants_all);
}

TEST_CASE("dynamic: what an owner does not use is lent, and comes back when it is wanted") {
  const auto tree = two_pools();
  const std::vector idle{needs(0), needs(600 * mib, true)};
  auto parts = divide_memory(tree, idle);
  CHECK(parts[1] == 984 * mib);  // all but the owner's head-room
  const std::vector both{needs(300 * mib, true), needs(900 * mib, true)};
  parts = divide_memory(tree, both);
  CHECK(parts[0] == 500 * mib);  // equal shares, above its reservation
  auto small = tree;
  small.pools[0].memory.shares = 10;
  CHECK(divide_memory(small, both)[0] == 400 * mib);  // its reservation at least
}

TEST_CASE("dynamic: what nobody wants is divided by shares, and adds up to all there is") {
  const auto parts = divide_memory(two_pools(), std::vector{needs(0), needs(0)});
  CHECK(parts[0] + parts[1] == 1000 * mib);
  CHECK(parts[0] == 500 * mib);
}

TEST_CASE("dynamic: the governor lowers before it raises, and never promises bytes twice") {
  MemoryGovernor governor(1000 * mib);
  std::vector<GovernedPool> pools(2);
  for (auto& each : pools) each.governed = true;
  pools[0] = {true, 10 * mib, 0, 100 * mib, 400 * mib, 0};  // wants its own back
  pools[1] = {true, 900 * mib, 100 * mib, 900 * mib, 600 * mib, 0};
  const auto down = governor.shrink(100, pools);
  REQUIRE(down.size() == 1);
  CHECK(down[0].leaf == 1);
  CHECK(down[0].high == 600 * mib);
  pools[1].high = 600 * mib;
  pools[1].current = 850 * mib;  // the kernel has taken 50 so far
  const auto up = governor.grow(100, pools);
  REQUIRE(up.size() == 1);
  CHECK(up[0].leaf == 0);
  CHECK(up[0].high == 150 * mib);  // with 850 held there, no more is free
}

TEST_CASE("dynamic: what cannot be reclaimed is never asked for") {
  MemoryGovernor governor(1000 * mib);
  const std::vector<GovernedPool> pools{{true, 900 * mib, 800 * mib, {}, 300 * mib, 0}};
  const auto down = governor.shrink(0, pools);
  REQUIRE(down.size() == 1);
  CHECK(down[0].high == 800 * mib);
}

TEST_CASE("dynamic: who presses is spared, but not with what another one is short of") {
  const auto lowered = [](const GovernedPool& owner, const GovernedPool& borrower) {
    MemoryGovernor governor(1000 * mib);
    const std::vector pools{owner, borrower};
    return governor.shrink(0, pools).size();
  };
  GovernedPool owner{true, 100 * mib, 0, 400 * mib, 400 * mib, 0};
  GovernedPool borrower{true, 800 * mib, 0, 800 * mib, 600 * mib, 0.5, true};
  CHECK(lowered(owner, borrower) == 0);  // nobody is short
  owner.wants_all = true;
  CHECK(lowered(owner, borrower) == 1);
  owner.current = owner.target;
  CHECK(lowered(owner, borrower) == 0);  // it has its own again
  // Short itself, with one that is not: spared.
  borrower.current = 500 * mib;
  CHECK(lowered(owner, borrower) == 0);
  owner.current = 100 * mib;
  CHECK(lowered(owner, borrower) == 1);  // both are
}

TEST_CASE("dynamic: a pool in static mode is not touched") {
  MemoryGovernor governor(1000 * mib);
  const std::vector<GovernedPool> pools{{false, 900 * mib, 0, {}, 100 * mib, 0}};
  CHECK(governor.shrink(0, pools).empty());
  CHECK(governor.grow(0, pools).empty());
}

TEST_CASE("dynamic: a square wave of any period causes at most two writes a period") {
  for (const double period : {4.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0}) {
    CAPTURE(period);
    const auto tree = two_pools();
    std::vector<PoolEstimator> estimators(2);
    MemoryGovernor governor(1000 * mib);
    std::vector<std::int64_t> high{1000 * mib, 1000 * mib}, writes(2);
    const int periods = 10;
    for (double time = 0; time < periods * period; time += 2) {
      const bool busy = static_cast<int>(time / (period / 2)) % 2 == 0;
      // The owner wants 350 MiB by turns; the other takes whatever its limit lets it.
      const std::array current{std::min(busy ? 350 * mib : 20 * mib, high[0]),
                               std::min(950 * mib, high[1])};
      std::vector samples{holding(time, current[0], 0, busy),
                          holding(time, current[1], current[1], true)};
      samples[0].hit_limit = busy && current[0] < 350 * mib;
      samples[1].hit_limit = true;
      std::vector<PoolDemand> demands{estimators[0].update(samples[0]),
                                      estimators[1].update(samples[1])};
      const auto targets = divide_memory(tree, demands);
      std::vector<GovernedPool> pools;
      for (std::size_t i = 0; i < 2; ++i)
        pools.push_back(
            {true, current[i], current[i] - samples[i].reclaimable, high[i], targets[i], 0});
      const auto take = [&](const std::vector<HighWrite>& changes) {
        for (const auto& change : changes) {
          pools[change.leaf].current = std::min(pools[change.leaf].current, change.high);
          high[change.leaf] = pools[change.leaf].high.emplace(change.high);
          ++writes[change.leaf];
        }
      };
      take(governor.shrink(time, pools));
      take(governor.grow(time, pools));
    }
    for (const auto count : writes) CHECK(count <= 2 * periods + 2);
    if (period >= 300) CHECK(writes[0] + writes[1] >= periods);  // it does follow what lasts
  }
}

TEST_CASE("dynamic: idle bandwidth is lent, a reservation is always there") {
  PoolTree tree;
  tree.capacity.cpu = whole_cores(1);
  tree.pools = {pool("owner", Mode::dynamic, 0), pool("reader", Mode::dynamic, 0)};
  const DeviceNumber vda{254, 0};
  PoolDisk disk;
  disk.carrier.device = vda;
  disk.capability[IoRate::read_bps] = 100'000'000;
  tree.disks = {disk};
  for (auto& each : tree.pools) each.io = {{.disk = 0, .shares = 100}};
  tree.pools[0].io[0].reservation[IoRate::read_bps] = 40'000'000;
  std::vector<IoUse> used(2);
  used[1][vda][IoRate::read_bps] = 70'000'000;
  const auto limits = io_limits_by_demand(tree, used);
  CHECK(*limits[1].at(vda)[IoRate::read_bps] >= 100'000'000);
  CHECK(*limits[0].at(vda)[IoRate::read_bps] >= 40'000'000);
  used[0][vda][IoRate::read_bps] = 60'000'000;
  used[1][vda][IoRate::read_bps] = 60'000'000;
  const auto shared = io_limits_by_demand(tree, used);
  CHECK(*shared[0].at(vda)[IoRate::read_bps] == 55'000'000);  // half of it, and head-room
  tree.pools[1].spec.mode = Mode::fixed;
  CHECK(*io_limits_by_demand(tree, used)[1].at(vda)[IoRate::read_bps] == 50'000'000);
}

TEST_CASE("spill: the cheapest container goes where there is room, and then nothing more") {
  const std::vector<SpillPool> pools{{"ci", 2 * core, 2 * core, {1}},
                                     {"batch", 4 * core, 2 * core, {}}};
  std::vector<SpillMember> members{{"a", 0, core, 300 * mib, 1, {}},
                                   {"b", 0, core, 10 * mib, 1, {}},
                                   {"c", 0, core, 200 * mib, 1, {}}};
  const std::vector<std::size_t> over{0};
  CHECK(cpu_overages(pools, members)[0] == doctest::Approx(0.5));
  const auto moves = plan_spill(pools, members, over, 2 * core, {});
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].member == 1U);
  CHECK(moves[0].to == 1U);
  CHECK(moves[0].reason ==
        "pool 'ci' wants 3.00 cores and may use 2.00; 'b' wants 1.00 of them, which 'batch' has to "
        "spare");
  members[1].pool = 1;
  CHECK(cpu_overages(pools, members)[0] == 0);
}

TEST_CASE("spill: nothing moves to where there is no room, nor what moved lately") {
  const std::vector<SpillPool> pools{{"ci", core, core, {1}}, {"batch", 4 * core, core, {}}};
  std::vector<SpillMember> members{
      {"a", 0, core, mib, 1, {}}, {"b", 0, core, mib, 1, {}}, {"busy", 1, core, mib, 1, {}}};
  const std::vector<std::size_t> over{0};
  CHECK(plan_spill(pools, members, over, 0, {}).empty());  // the host is full, batch has its due
  CHECK(plan_spill(pools, members, over, core, {}).size() == 1);
  members[0].moved_ago = members[1].moved_ago = 59;
  CHECK(plan_spill(pools, members, over, core, {}).empty());
  members[1].moved_ago = 61;
  const auto moves = plan_spill(pools, members, over, core, {});
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].member == 1U);
}

TEST_CASE("spill: where not all can fit, one goes") {
  const std::vector<SpillPool> pools{{"ci", core, core, {1}}, {"batch", core, core, {}}};
  const std::vector<SpillMember> members{
      {"a", 0, core, 3 * mib, 1, {}}, {"b", 0, core, mib, 1, {}}, {"c", 0, core, 2 * mib, 1, {}}};
  const auto moves = plan_spill(pools, members, std::vector<std::size_t>{0}, core, {});
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].member == 1U);
}
