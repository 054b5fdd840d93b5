// SPDX-License-Identifier: Apache-2.0
// Golden examples E1, K1 and K2 of docs/allocator.md, the order of queues, and victims.
#include "weir/policy/admission.h"

#include <doctest/doctest.h>

#include "weir/policy/knapsack.h"
#include "weir/policy/queue.h"

namespace weir {
namespace {

using Indices = std::vector<std::size_t>;

constexpr std::int64_t core = 1'000'000;
constexpr std::int64_t gib = std::int64_t{1} << 30;

/// The documented vSphere example: RP1 has used up its reservation, the cluster has 1 GiB free.
std::vector<AdmissionPool> vsphere(bool expandable) {
  std::vector<AdmissionPool> pools(3);
  const std::int64_t reserved[] = {4, 4, 3}, used[] = {4, 2, 3};
  for (std::size_t i = 0; i < pools.size(); ++i) {
    pools[i].reservation = cpu_memory(0, reserved[i] * gib);
    pools[i].requests = cpu_memory(0, used[i] * gib);
    pools[i].expandable.fill(expandable);
  }
  return pools;
}

const AdmissionRules cluster{cpu_memory(0, 12 * gib), {}};
const Applicant one_gib{cpu_memory(0, gib), cpu_memory(0, gib)};

TEST_CASE("E1: an expandable pool borrows what nobody reserves, and no more") {
  CHECK(admit(vsphere(false), cluster, 0, one_gib).refused);

  auto pools = vsphere(true);
  const auto first = admit(pools, cluster, 0, one_gib);
  REQUIRE_FALSE(first.refused);
  REQUIRE(first.loans.size() == 1);
  CHECK(first.loans[0].borrower == 0);
  CHECK(first.loans[0].amount == gib);

  pools[0].requests += one_gib.request;
  CHECK(borrowed(pools)[0] == one_gib.request);
  const auto second = admit(pools, cluster, 0, one_gib);
  REQUIRE(second.refused);
  CHECK(second.refused->rule == Refusal::Rule::reservation);
  CHECK_FALSE(second.refused->pool);
  CHECK(second.refused->room == 0);
  CHECK_FALSE(second.refused->for_ever);
}

TEST_CASE("a loan climbs as far as expandable pools let it") {
  std::vector<AdmissionPool> pools(2);
  pools[0].reservation = cpu_memory(4 * core, 0);
  pools[1].parent = 0;
  pools[1].reservation = cpu_memory(core, 0);
  const AdmissionRules host{cpu_memory(8 * core, 0), {}};
  const Applicant six{cpu_memory(6 * core, 0), cpu_memory(6 * core, 0)};
  const auto admission = admit(pools, host, 1, six);
  REQUIRE_FALSE(admission.refused);
  REQUIRE(admission.loans.size() == 2);
  CHECK(admission.loans[0].amount == 5 * core);  // from the parent: three of its own, two borrowed
  CHECK(admission.loans[1].amount == 2 * core);
  pools[0].expandable.fill(false);
  const auto refused = admit(pools, host, 1, six).refused;
  REQUIRE(refused);
  CHECK(refused->pool == 0U);
  CHECK(refused->for_ever);
}

TEST_CASE("what a moved container left behind counts in its former pool, and once for the host") {
  // A container of 4 GiB went from the first pool to the second, and 3 GiB stayed.
  std::vector<AdmissionPool> pools(2);
  pools[0].reservation = cpu_memory(0, gib);
  pools[0].requests = pools[0].limits = pools[0].covered = cpu_memory(0, 3 * gib);
  pools[1].requests = pools[1].limits = cpu_memory(0, 4 * gib);
  AdmissionRules host{cpu_memory(0, 8 * gib), {}};
  host.overcommit[1] = 1'000'000;
  const auto sums = totals(pools);
  CHECK(sums[0].requests == cpu_memory(0, 3 * gib));
  CHECK(sums[2].requests == cpu_memory(0, 4 * gib));
  CHECK(sums[2].booked == cpu_memory(0, 5 * gib));
  const auto ask = [&](std::size_t pool, std::int64_t bytes) {
    const auto amount = cpu_memory(0, bytes);
    const bool refused = admit(pools, host, pool, {amount, amount}).refused.has_value();
    CHECK(refused == (bytes > room_in(pools, host, pool)[Resource::memory]));
    return !refused;
  };
  // The unused reservation of nobody is left: 8 GiB less what the container has.
  CHECK(ask(1, 3 * gib));
  CHECK_FALSE(ask(1, 3 * gib + 1));
  host.capacity[Resource::memory] = 7 * gib;
  CHECK(ask(1, 2 * gib));
  CHECK_FALSE(ask(1, 2 * gib + 1));
  // The pool itself is as full as its slice.
  pools[0].limit = cpu_memory(unbounded, 3 * gib);
  CHECK_FALSE(ask(0, 1));
  REQUIRE(over_limit(pools, host, 0, cpu_memory(0, 1)));
  CHECK(over_limit(pools, host, 0, cpu_memory(0, 1))->pool == 0U);
  CHECK_FALSE(over_limit(pools, host, 1, cpu_memory(0, 3 * gib)));
}

TEST_CASE("requests stay within every limit on the chain") {
  std::vector<AdmissionPool> pools(2);
  pools[1].parent = 0;
  pools[0].limit = cpu_memory(2 * core, unbounded);
  pools[1].requests = cpu_memory(core, 0);
  const AdmissionRules host{cpu_memory(8 * core, 8 * gib), {}};
  CHECK_FALSE(admit(pools, host, 1, {cpu_memory(core, 0), {}}).refused);
  const auto refused = admit(pools, host, 1, {cpu_memory(core + 1, 0), {}}).refused;
  REQUIRE(refused);
  CHECK(refused->rule == Refusal::Rule::limit);
  CHECK(refused->pool == 0U);
  CHECK(refused->room == core);
}

TEST_CASE("limits may add up to what overcommit allows") {
  std::vector<AdmissionPool> pools(1);
  pools[0].limits = cpu_memory(7 * core, 0);
  AdmissionRules host{cpu_memory(4 * core, 0), {}};
  host.overcommit[0] = 2'000'000;
  CHECK_FALSE(admit(pools, host, 0, {{}, cpu_memory(core, 0)}).refused);
  const auto refused = admit(pools, host, 0, {{}, cpu_memory(core + 1, 0)}).refused;
  REQUIRE(refused);
  CHECK(refused->rule == Refusal::Rule::overcommit);
  CHECK(refused->room == core);
}

TEST_CASE("K1: the best set is worth more than the densest") {
  const auto room = cpu_memory(2 * core, 4 * gib);
  std::vector<KnapsackItem> items{{6, cpu_memory(core, 2 * gib)},
                                  {6, cpu_memory(core, 2 * gib)},
                                  {10, cpu_memory(core * 3 / 2, 3 * gib)}};
  CHECK(best_set(items, room) == Indices{0, 1});
  CHECK(densest_set(items, room) == Indices{2});
}

TEST_CASE("best_set: ties go to fewer items, then to the oldest") {
  const auto room = cpu_memory(2 * core, 0);
  std::vector<KnapsackItem> items{
      {1, cpu_memory(core, 0)}, {1, cpu_memory(core, 0)}, {1, cpu_memory(core, 0)}};
  CHECK(best_set(items, room) == Indices{0, 1});
  items.push_back({2, cpu_memory(2 * core, 0)});
  CHECK(best_set(items, room) == Indices{3});
}

TEST_CASE("best_set: rounding to the grid loses nothing that fits exactly") {
  const auto third = cpu_memory(0, gib);
  std::vector<KnapsackItem> items{{1, third}, {1, third}, {1, third}, {0.5, third}};
  CHECK(best_set(items, cpu_memory(0, 3 * gib)) == Indices{0, 1, 2});
  CHECK(best_set({}, cpu_memory(0, gib)).empty());
  CHECK(best_set(items, {}).empty());
}

TEST_CASE("K2: the cheapest cover, not the greedy one") {
  std::vector<Victim> victims{{1, cpu_memory(0, gib)},
                              {3, cpu_memory(0, 2 * gib)},
                              {5, cpu_memory(0, 3 * gib)},
                              {3.5, cpu_memory(0, 4 * gib)}};
  CHECK(cheapest_cover(victims, cpu_memory(0, 3 * gib)) == Indices{3});
  CHECK(cheapest_cover(victims, cpu_memory(0, 11 * gib)).empty());
  CHECK(cheapest_cover(victims, {}).empty());
}

TEST_CASE("a cover of one resource is repaired in the others") {
  std::vector<Victim> victims{{1, cpu_memory(4 * core, 0)},
                              {2, cpu_memory(0, 4 * gib)},
                              {9, cpu_memory(4 * core, 4 * gib)}};
  CHECK(cheapest_cover(victims, cpu_memory(4 * core, 4 * gib)) == Indices{0, 1});
}

TEST_CASE("a victim that the repair made superfluous is let go") {
  std::vector<Victim> victims{{1, cpu_memory(4 * core, 0)},
                              {2, cpu_memory(4 * core, 4 * gib)},
                              {50, cpu_memory(0, 8 * gib)}};
  CHECK(cheapest_cover(victims, cpu_memory(4 * core, 4 * gib)) == Indices{1});
}

Ticket ticket(std::int64_t cores, std::int64_t priority = 0, double value = 1) {
  return {cpu_memory(cores * core, 0), 0, priority, value, 0, {}};
}

TEST_CASE("each order of a queue") {
  std::vector tickets{ticket(3, 0), ticket(2, 5), ticket(1, 1, 10)};
  tickets[0].owner_share = 0.5;
  tickets[1].owner_share = 0.2;
  tickets[2].owner_share = 0.1;
  const auto next = [&](QueueOrder order, Backfill backfill = Backfill::no) {
    return next_in(tickets, {}, cpu_memory(4 * core, 0), order, backfill);
  };
  CHECK(next(QueueOrder::fifo) == Indices{0});
  CHECK(next(QueueOrder::fifo, Backfill::yes) == Indices{0, 2});
  CHECK(next(QueueOrder::priority) == Indices{1, 2});
  CHECK(next(QueueOrder::drf) == Indices{2, 1});
  CHECK(next(QueueOrder::value) == Indices{0, 2});
}

TEST_CASE("who has waited too long goes first and blocks") {
  std::vector tickets{ticket(4), ticket(1, 9, 100)};
  tickets[0].waited = starve_after + 1;
  for (auto order : {QueueOrder::priority, QueueOrder::value}) {
    CHECK(next_in(tickets, {}, cpu_memory(3 * core, 0), order, Backfill::yes).empty());
    CHECK(next_in(tickets, {}, cpu_memory(5 * core, 0), order, Backfill::yes) == Indices{0, 1});
  }
}

TEST_CASE("waiting makes a ticket worth more") {
  std::vector tickets{ticket(1, 0, 2), ticket(1, 0, 3)};
  const auto room = cpu_memory(core, 0);
  CHECK(next_in(tickets, {}, room, QueueOrder::value, Backfill::no) == Indices{1});
  tickets[0].waited = aging_time;
  CHECK(next_in(tickets, {}, room, QueueOrder::value, Backfill::no) == Indices{0});
}

TEST_CASE("victims are of lower classes, and freezing gives back CPU only") {
  std::vector<Incumbent> incumbents{{5, cpu_memory(4 * core, gib), gib, 1},
                                    {1, cpu_memory(2 * core, gib), gib, 8},
                                    {2, cpu_memory(2 * core, gib), 0, 3}};
  const auto cpu = cpu_memory(2 * core, 0), both = cpu_memory(2 * core, gib);
  CHECK(choose_victims(incumbents, 5, cpu, PreemptBy::freeze, 1e9) == Indices{2});
  CHECK(choose_victims(incumbents, 5, both, PreemptBy::kill, 1e9) == Indices{2});
  CHECK(choose_victims(incumbents, 5, both, PreemptBy::freeze, 1e9).empty());
  CHECK(choose_victims(incumbents, 1, cpu, PreemptBy::kill, 1e9).empty());
}

}  // namespace
}  // namespace weir
