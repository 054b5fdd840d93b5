// SPDX-License-Identifier: Apache-2.0
// A1 to A3 of docs/allocator.md 9: what is admitted always fits, the dynamic program is worth it,
// and nobody starves. M1 and M2: memory is never promised twice.
#include <algorithm>
#include <doctest/doctest.h>

#include "weir/policy/admission.h"
#include "weir/policy/knapsack.h"
#include "weir/policy/memory_shrink.h"
#include "weir/policy/queue.h"

#include "policy/random.h"

namespace weir::testing {
namespace {

struct Books {
  std::vector<AdmissionPool> pools;
  AdmissionRules rules;
};

Books random_books(Random& random) {
  Books books;
  books.rules.capacity = cpu_memory(random.between(1, 1'000), random.between(1, 1'000));
  auto left = books.rules.capacity;
  std::vector<Resources> inner;
  for (std::size_t i = 0, n = random.below(6) + 1; i < n; ++i) {
    AdmissionPool pool;
    if (i > 0 && random.chance(50)) pool.parent = random.below(i);
    auto& available = pool.parent ? inner[*pool.parent] : left;
    for (std::size_t r = 0; r < 2; ++r) {
      if (random.chance(60)) pool.reservation[r] = random.between(0, available[r] / 2);
      available[r] -= pool.reservation[r];
      if (random.chance(30)) pool.limit[r] = random.between(pool.reservation[r], 1'000);
      pool.expandable[r] = random.chance(60);
    }
    inner.push_back(pool.reservation);
    books.pools.push_back(pool);
  }
  return books;
}

TEST_CASE(
    "A1: whatever is admitted, in whatever order, stays within capacity, limits and reservations") {
  for (std::uint64_t seed = 0; seed < property_cases(10); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    auto [pools, rules] = random_books(random);
    for (int step = 0; step < 40; ++step) {
      const auto pool = random.below(pools.size());
      Applicant applicant{cpu_memory(random.between(0, 60), random.between(0, 60)), {}};
      const auto room = room_in(pools, rules, pool);
      const auto admission = admit(pools, rules, pool, applicant);
      REQUIRE(admission.refused.has_value() == !applicant.request.fits(room));
      if (admission.refused) {
        REQUIRE(admission.loans.empty());
        continue;
      }
      REQUIRE_FALSE(admission.refused.has_value());
      pools[pool].requests += applicant.request;
      Resources sum;
      for (const auto& each : pools) sum += each.requests;
      REQUIRE(sum.fits(rules.capacity));
      const auto loans = borrowed(pools);
      for (std::size_t p = 0; p < pools.size(); ++p)
        for (std::size_t r = 0; r < 2; ++r)
          if (!pools[p].expandable[r]) REQUIRE(loans[p][r] == 0);
    }
  }
}

TEST_CASE("A1: a reservation that is not used is there for its own pool") {
  for (std::uint64_t seed = 0; seed < property_cases(10); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    auto [pools, rules] = random_books(random);
    for (auto& pool : pools) pool.limit = Resources::all(unbounded);
    const auto keeper = random.below(pools.size());
    for (int step = 0; step < 60; ++step) {
      const auto pool = random.below(pools.size());
      if (pool == keeper) continue;
      bool below = false;
      for (std::optional at = pool; at; at = pools[*at].parent) below = below || *at == keeper;
      const Applicant applicant{cpu_memory(random.between(0, 60), random.between(0, 60)), {}};
      if (below || admit(pools, rules, pool, applicant).refused) continue;
      pools[pool].requests += applicant.request;
    }
    auto promised = pools[keeper].reservation;
    for (const auto& pool : pools)
      if (pool.parent == keeper) promised -= pool.reservation;
    REQUIRE(promised.fits(room_in(pools, rules, keeper)));
  }
}

std::vector<KnapsackItem> random_items(Random& random, std::size_t most) {
  std::vector<KnapsackItem> items(random.below(most) + 1);
  for (auto& item : items)
    item = {static_cast<double>(random.between(0, 20)),
            cpu_memory(random.between(0, 4) * 250'000, random.between(0, 1 << 20))};
  return items;
}

double worth(const std::vector<KnapsackItem>& items, const std::vector<std::size_t>& chosen) {
  double sum = 0;
  for (auto i : chosen) sum += items[i].value;
  return sum;
}

TEST_CASE("A2: the best set fits, and is worth at least the densest") {
  for (std::uint64_t seed = 0; seed < property_cases(20); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto room = cpu_memory(random.between(0, 8'000'000), random.between(0, 4 << 20));
    const auto items = random_items(random, 40);
    const auto best = best_set(items, room);
    Resources size;
    for (auto i : best) size += items[i].size;
    REQUIRE(size.fits(room));
    REQUIRE(worth(items, best) >= worth(items, densest_set(items, room)));
  }
}

TEST_CASE("the best set is the best of all sets, when sizes fit the grid") {
  for (std::uint64_t seed = 0; seed < property_cases(20); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto room = cpu_memory(random.between(1, 16) * 250'000, 256);
    auto items = random_items(random, 10);
    for (auto& item : items) item.size[Resource::memory] = random.between(0, 128);
    double most = 0;
    for (unsigned set = 0; set < 1U << items.size(); ++set) {
      Resources size;
      double value = 0;
      for (std::size_t i = 0; i < items.size(); ++i)
        if ((set >> i & 1U) != 0) {
          size += items[i].size;
          value += items[i].value;
        }
      if (size.fits(room)) most = std::max(most, value);
    }
    REQUIRE(worth(items, best_set(items, room)) == most);
  }
}

TEST_CASE("the cheapest cover is the cheapest of all sets in one resource, and covers in several") {
  for (std::uint64_t seed = 0; seed < property_cases(20); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const bool one = random.chance(50);
    std::vector<Victim> victims(random.below(9) + 1);
    for (auto& victim : victims)
      victim = {static_cast<double>(random.between(0, 30)),
                cpu_memory(one ? 0 : random.between(0, 20), random.between(0, 20))};
    const auto need = cpu_memory(one ? 0 : random.between(0, 40), random.between(1, 60));
    double least = -1;
    for (unsigned set = 0; set < 1U << victims.size(); ++set) {
      Resources frees;
      double cost = 0;
      for (std::size_t i = 0; i < victims.size(); ++i)
        if ((set >> i & 1U) != 0) {
          frees += victims[i].frees;
          cost += victims[i].cost;
        }
      if (need.fits(frees) && (least < 0 || cost < least)) least = cost;
    }
    const auto chosen = cheapest_cover(victims, need);
    Resources frees;
    double cost = 0;
    for (auto i : chosen) {
      frees += victims[i].frees;
      cost += victims[i].cost;
    }
    REQUIRE((least < 0) == chosen.empty());
    if (least < 0) continue;
    REQUIRE(need.fits(frees));
    if (one) REQUIRE(cost == least);
    REQUIRE(cost >= least);
  }
}

TEST_CASE("A3: nobody waits longer than starve_after and the longest that runs") {
  constexpr double longest = 100, tick = 10;
  for (auto order : {QueueOrder::fifo, QueueOrder::priority, QueueOrder::drf, QueueOrder::value})
    for (std::uint64_t seed = 0; seed < property_cases(1'000); ++seed) {
      CAPTURE(seed);
      Random random(seed);
      const auto capacity = cpu_memory(8, 8);
      struct Active {
        Resources request;
        double ends;
      };
      std::vector<Active> running;
      std::vector<Ticket> waiting;
      auto free = capacity;
      double worst = 0;
      for (double now = 0; now < 4'000; now += tick) {
        std::erase_if(running, [&](const Active& job) {
          if (job.ends > now) return false;
          free += job.request;
          return true;
        });
        for (auto& ticket : waiting) ticket.waited += tick;
        for (std::size_t i = random.below(3); i > 0 && waiting.size() < 12; --i)
          waiting.push_back({cpu_memory(random.between(1, 8), random.between(1, 8)),
                             0,
                             random.between(0, 9),
                             static_cast<double>(random.between(1, 99)),
                             random.unit(),
                             {}});
        auto chosen = next_in(waiting, {}, free, order, Backfill::yes);
        std::ranges::sort(chosen, std::greater<>{});
        for (auto i : chosen) {
          worst = std::max(worst, waiting[i].waited);
          free -= waiting[i].request;
          REQUIRE(Resources{}.fits(free));
          running.push_back(
              {waiting[i].request, now + tick * static_cast<double>(random.between(1, 10))});
          waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      // Those that starve at the same time wait for each other: at most twelve do here.
      REQUIRE(worst <= starve_after + 12 * (longest + tick));
    }
}

TEST_CASE("M1, M2: promises never exceed the memory, and a shrink drains to its end") {
  for (std::uint64_t seed = 0; seed < property_cases(10); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    constexpr std::int64_t capacity = std::int64_t{64} << 30;
    std::vector<MemoryLeaf> leaves(random.below(6) + 1);
    auto targets = capacity, highs = capacity;
    for (auto& leaf : leaves) {
      leaf.target = random.between(0, targets);
      leaf.high = random.between(0, highs);
      leaf.current = random.between(0, leaf.high);
      targets -= leaf.target;
      highs -= leaf.high;
    }
    const auto promised = [&] {
      std::int64_t sum = 0;
      for (const auto& leaf : leaves) sum += std::max(leaf.high, leaf.current);
      return sum;
    };
    for (int tick = 0; tick < 400; ++tick) {
      for (auto [i, high] : shrink_step(leaves)) {
        REQUIRE(high < leaves[i].high);
        REQUIRE(high >= leaves[i].target);
        leaves[i].high = high;
        REQUIRE(promised() <= capacity);
      }
      for (auto& leaf : leaves) {  // reclaim is slow, and fails at times
        const auto over = leaf.current - leaf.high;
        if (over > 0 && random.chance(90))
          leaf.current -= std::max<std::int64_t>(1, over * 3 / 4);
        else if (over < 0)
          leaf.current += random.between(0, -over);
        leaf.some = random.chance(5) ? 0.5 : 0;
      }
      for (auto [i, high] : grow_step(leaves, capacity)) {
        REQUIRE(high > leaves[i].high);
        REQUIRE(high <= leaves[i].target);
        leaves[i].high = high;
        REQUIRE(promised() <= capacity);
      }
    }
    for (const auto& leaf : leaves) REQUIRE(leaf.high >= leaf.target - (1 << 20));
  }
}

}  // namespace
}  // namespace weir::testing
