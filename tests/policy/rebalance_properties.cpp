// SPDX-License-Identifier: Apache-2.0
// Invariants of rebalancing: B1 and B3 of docs/allocator.md 2.10. B2 and B4 are in tests/oracle.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>

#include "weir/policy/demand.h"
#include "weir/policy/rebalance.h"
#include "weir/policy/remedy.h"

#include "policy/random.h"

namespace weir {
namespace {

using testing::property_cases;
using testing::Random;

constexpr std::int64_t core = 1'000'000, gib = std::int64_t{1} << 30, mib = std::int64_t{1} << 20;

TEST_CASE("B1: after the moves every pool fits, or nothing moves") {
  std::size_t solved = 0, hopeless = 0;
  for (std::uint64_t seed = 0; seed < property_cases(10); ++seed) {
    Random random(seed);
    std::vector<PoolRoom> pools(static_cast<std::size_t>(random.between(2, 6)));
    for (auto& pool : pools)
      pool.capacity = cpu_memory(random.between(1, 8) * core, random.between(1, 16) * gib);
    std::vector<PoolMember> members(static_cast<std::size_t>(random.between(1, 20)));
    for (auto& member : members) {
      member.pool =
          static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(pools.size()) - 1));
      member.size = cpu_memory(random.between(0, core), random.between(0, 3 * gib));
      member.cost = random.unit();
      member.pinned = random.chance(10);
    }
    const auto plan = plan_moves(pools, members);
    if (!plan.fits) {
      CHECK(plan.moves.empty());
      ++hopeless;
      continue;
    }
    ++solved;
    for (const auto& move : plan.moves) {
      CHECK_FALSE(members[move.member].pinned);
      CHECK(members[move.member].pool == move.from);
      CHECK(move.from != move.to);
      members[move.member].pool = move.to;
    }
    std::vector<Resources> load(pools.size());
    for (const auto& member : members) load[member.pool] += member.size;
    for (std::size_t p = 0; p < pools.size(); ++p) CHECK(load[p].fits(pools[p].capacity));
  }
  CHECK(solved > hopeless / 10);
  CHECK(hopeless > 0);
}

/// A host whose containers grow and shrink from tick to tick, and with them what pools may have.
struct Host {
  std::vector<BalancePool> pools;
  std::vector<BalanceMember> members;

  explicit Host(Random& random) {
    for (int p = 0; p < 3; ++p)
      pools.push_back({std::string(1, static_cast<char>('a' + p)), {}, {}, {}});
    for (int m = 0; m < 12; ++m) {
      BalanceMember member;
      member.name = std::to_string(m);
      member.pool = static_cast<std::size_t>(random.between(0, 2));
      members.push_back(std::move(member));
    }
  }

  void wobble(Random& random) {
    for (auto& pool : pools)
      if (pool.entitlement[Resource::memory] == 0 || random.chance(30))
        pool.entitlement = cpu_memory(4 * core, random.between(2, 16) * gib);
    for (auto& member : members) {
      if (member.resident > 0 && !random.chance(20)) continue;
      member.resident = random.between(64, 4096) * mib;
      member.usage = cpu_memory(core / 10, member.resident);
      // Mostly cache, which a container can leave behind, or hardly any.
      member.reclaimable = member.resident / 100 * (random.chance(70) ? 96 : 2);
    }
  }

  /// Pools above their entitlement now; OverageWatch would wait, and move less.
  [[nodiscard]] std::vector<std::size_t> over() const {
    std::vector<std::size_t> out;
    for (std::size_t p = 0; p < pools.size(); ++p) {
      Resources load;
      for (const auto& member : members)
        if (member.pool == p) load += member.usage;
      if (overage(load, pools[p].entitlement) > 0.1) out.push_back(p);
    }
    return out;
  }
};

TEST_CASE("B3: no container moves twice within its dwell time") {
  constexpr double tick = 10;
  std::size_t moves = 0, repeated = 0;
  for (std::uint64_t seed = 0; seed < property_cases(50); ++seed) {
    Random random(seed);
    Host host(random);
    for (int step = 0; step < 200; ++step) {
      host.wobble(random);
      for (const auto& remedy : plan_remedies(host.pools, host.members, host.over(), {})) {
        if (remedy.kind != Remedy::Kind::move) continue;
        auto& member = host.members[*remedy.member];
        if (member.moved_ago) {
          CHECK(*member.moved_ago >= move_dwell);
          ++repeated;
        }
        ++moves;
        member.pool = *remedy.to;
        member.moved_ago = 0;
      }
      for (auto& member : host.members)
        if (member.moved_ago) *member.moved_ago += tick;
    }
  }
  CHECK(moves > 100);
  CHECK(repeated > 0);  // else the dwell time was never what held a container back
}

}  // namespace
}  // namespace weir
