// SPDX-License-Identifier: Apache-2.0
// Golden examples D1, D2, G9 to G13, S2 and S3 of docs/allocator.md, and what each policy writes.
#include <doctest/doctest.h>

#include "weir/policy/drf.h"
#include "weir/policy/fifo.h"
#include "weir/policy/latency.h"
#include "weir/policy/policy.h"
#include "weir/policy/priority.h"
#include "weir/policy/rotation.h"
#include "weir/policy/throughput.h"

namespace weir {
namespace {

using Sums = std::vector<std::int64_t>;
using Indices = std::vector<std::size_t>;
using Weights = std::vector<std::uint16_t>;

constexpr std::int64_t core = 1'000'000;
constexpr std::int64_t gib = std::int64_t{1} << 30;

TEST_CASE("D1: the example of the paper") {
  const auto capacity = cpu_memory(9 * core, 18 * gib);
  std::vector<DrfMember> members{{cpu_memory(1 * core, 4 * gib)}, {cpu_memory(3 * core, gib)}};
  const auto tasks = solve_drf(members, capacity);
  CHECK(tasks[0] == doctest::Approx(3).epsilon(1e-9));
  CHECK(tasks[1] == doctest::Approx(2).epsilon(1e-9));
  CHECK(solve_drf_tasks(members, capacity) == Sums{3, 2});
  CHECK(dominant_share(cpu_memory(3 * core, 12 * gib), capacity) == doctest::Approx(2.0 / 3));
}

TEST_CASE("D2: weights 2 to 1") {
  std::vector<DrfMember> members{{cpu_memory(1 * core, 4 * gib), 2},
                                 {cpu_memory(3 * core, gib), 1}};
  const auto tasks = solve_drf(members, cpu_memory(9 * core, 18 * gib));
  CHECK(tasks[0] == doctest::Approx(54.0 / 13).epsilon(1e-9));
  CHECK(tasks[1] == doctest::Approx(18.0 / 13).epsilon(1e-9));
}

TEST_CASE("drf: who needs nothing, too much, or something there is none of") {
  std::vector<DrfMember> members{
      {{}, 1, 5}, {{{core, 0, 1, 0}}, 1, 5}, {cpu_memory(core, 0), 1, 2}, {cpu_memory(core, 0)}};
  const auto tasks = solve_drf(members, cpu_memory(6 * core, gib));
  CHECK(tasks[0] == 5);
  CHECK(tasks[1] == 0);
  CHECK(tasks[2] == doctest::Approx(2));
  CHECK(tasks[3] == doctest::Approx(4));
  CHECK(solve_drf_tasks(members, cpu_memory(6 * core, gib)) == Sums{5, 0, 2, 4});
}

TEST_CASE(
    "drf: a slow member keeps its due when one a thousand times faster than rounding leaves") {
  std::vector<DrfMember> members{{cpu_memory(core, 0), 1e18, 2}, {cpu_memory(core, 0), 1}};
  const auto tasks = solve_drf(members, cpu_memory(6 * core, 0));
  CHECK(tasks[0] == doctest::Approx(2));
  CHECK(tasks[1] == doctest::Approx(4));
}

TEST_CASE("G9 and G10: the square-root rule") {
  std::vector<Partition> parts{{900'000}, {400'000}, {100'000}};
  CHECK(partition_by_square_root(parts, 2 * core).amount == Sums{1'200'000, 600'000, 200'000});
  parts[0].limit = core;
  CHECK(partition_by_square_root(parts, 2 * core).amount == Sums{1'000'000, 733'333, 266'667});
}

TEST_CASE("latency: more work than capacity is unstable and divided fairly") {
  std::vector<Partition> parts{{900'000}, {1'100'000}};
  const auto result = partition_by_square_root(parts, 2 * core);
  CHECK(result.unstable);
  CHECK(result.amount == Sums{core, core});
}

TEST_CASE("latency: little room above the loads still covers every load") {
  std::vector<Partition> parts{{970'000}, {1'000'000}};
  const auto result = partition_by_square_root(parts, 2 * core);
  CHECK_FALSE(result.unstable);
  CHECK(result.amount[0] > 970'000);
  CHECK(result.amount[1] > 1'000'000);
}

TEST_CASE("latency: c-mu entitlements are clipped at 1 to 100") {
  std::vector<Worker> workers{{100, 0.01}, {100, 0.1}, {100, 10}, {100, {}}};
  CHECK(c_mu_entitlements(workers) == Sums{1'000'000, 100'000, 10'000, 10'000});
}

TEST_CASE("G11: what misused weights would give") {
  std::vector<Vessel> vessels{{20}, {24}, {36, 0, 200'000}};
  Sums amounts(3);
  WaterFill().divide(vessels, 6 * core, amounts);
  CHECK(amounts == Sums{2'636'364, 3'163'636, 200'000});
}

TEST_CASE("G12: floors first, then the higher class") {
  std::vector<ClassMember> members{
      {1, 100, 0, 3 * core}, {1, 100, 0, 2 * core}, {0, 100, 1'500'000, 4 * core}};
  CHECK(divide_by_class(members, 6 * core) == Sums{2'500'000, 2 * core, 1'500'000});
  CHECK(divide_by_class(members, 1 * core) == Sums{0, 0, core});
}

TEST_CASE("priority: a class weighs a hundredth of the one above it") {
  std::vector<ClassMember> members{{2}, {1}, {0}, {-1}};
  CHECK(class_entitlements(members, 4 * core) == Sums{4 * core, 40'000, 400, 400});
}

TEST_CASE("G13: floors by the best values below them, the rest by value") {
  std::vector<ValueNode> nodes{{{}, 0, 0, 6, {}}, {{}, 0, 3, {}, {}}, {0, 5, 0, {}, 4},
                               {0, 4, 0, {}, 4},  {1, 1, 0, {}, 5},   {1, 2, 0, {}, 1}};
  const auto amounts = solve_throughput(nodes, 10);
  CHECK(amounts == Sums{6, 4, 4, 2, 3, 1});
}

TEST_CASE("throughput: reservations that do not fit shrink in proportion") {
  std::vector<ValueNode> nodes{{{}, 5, 8, {}, {}}, {{}, 1, 4, {}, {}}};
  CHECK(solve_throughput(nodes, 6) == Sums{4, 2});
}

TEST_CASE("S2: strict first come first served blocks, backfill lets who fits pass") {
  std::vector<FifoJob> jobs{{cpu_memory(3, 0)}, {cpu_memory(2, 0)}, {cpu_memory(1, 0)}};
  const auto free = cpu_memory(4, 0);
  CHECK(admit_fifo(jobs, {}, free, Backfill::no) == Indices{0});
  CHECK(admit_fifo(jobs, {}, free, Backfill::yes) == Indices{0, 2});
  // A has ended, C runs on: B starts.
  CHECK(admit_fifo(std::span(jobs).subspan(1, 1), {}, cpu_memory(3, 0), Backfill::no) ==
        Indices{0});
}

TEST_CASE("backfill with declared run times does not delay the head") {
  std::vector<FifoRunning> running{{cpu_memory(3, 0), 10.0}};
  std::vector<FifoJob> jobs{
      {cpu_memory(4, 0), 5.0}, {cpu_memory(1, 0), 11.0}, {cpu_memory(1, 0), 10.0}};
  CHECK(admit_fifo(jobs, running, cpu_memory(1, 0), Backfill::yes) == Indices{2});
  jobs[0].request = cpu_memory(3, 0);  // leaves one core spare when it starts
  CHECK(admit_fifo(jobs, running, cpu_memory(1, 0), Backfill::yes) == Indices{1});
}

TEST_CASE("S3: what a rotation costs") {
  const auto timing = rotation_timing(3, 100, 2);
  CHECK(timing.period == 306);
  CHECK(timing.longest_freeze == 206);
  CHECK(timing.efficiency == doctest::Approx(0.98039).epsilon(1e-4));
  CHECK(rotation_timing(1, 100, 2).longest_freeze == 0);
}

TEST_CASE("a rotation lets in what fits, and who was preempted queues last") {
  using Ids = std::vector<Rotation::Id>;
  Rotation rotation(2);
  rotation.arrive(1, 1);
  rotation.arrive(2, 2);
  rotation.arrive(3, 1);
  CHECK(rotation.fill() == Ids{1});  // 2 does not fit beside it, and 3 may not pass
  rotation.leave(1);
  CHECK(rotation.fill() == Ids{2});
  rotation.arrive(4, 1);
  rotation.end_turn();
  CHECK(rotation.fill() == Ids{3, 4});
  rotation.end_turn();
  CHECK(rotation.fill() == Ids{2});
  CHECK(rotation.running() == Ids{2});
}

Contender wanting(std::int64_t cpu, std::int64_t memory = 0) {
  Contender member;
  member.demand = cpu_memory(cpu, memory);
  return member;
}

std::vector<std::int64_t> cpu_of(const Division& division) {
  std::vector<std::int64_t> amounts;
  for (const auto& amount : division.amount) amounts.push_back(amount[Resource::cpu]);
  return amounts;
}

TEST_CASE("fair divides each resource for itself and weighs by saturated entitlements") {
  std::vector members{wanting(core, 6 * gib), wanting(4 * core, gib)};
  const auto division =
      make_policy(PolicyKind::fair)->divide(cpu_memory(4 * core, 8 * gib), members);
  REQUIRE(division);
  CHECK(cpu_of(*division) == Sums{core, 3 * core});
  CHECK(division->amount[0][Resource::memory] == 6 * gib);
  CHECK(division->cpu_weight == Weights{10000, 10000});
}

TEST_CASE("drf makes dominant shares equal") {
  std::vector members{wanting(9 * core, 18 * gib), wanting(9 * core, 9 * gib)};
  members[1].demand = cpu_memory(9 * core, 3 * gib);
  const auto division =
      make_policy(PolicyKind::drf)->divide(cpu_memory(9 * core, 18 * gib), members);
  REQUIRE(division);
  CHECK(cpu_of(*division) == Sums{4'500'000, 4'500'000});
}

TEST_CASE("fifo admits in order of arrival and says who waits") {
  std::vector members{wanting(3 * core), wanting(2 * core), wanting(core)};
  for (auto& member : members) {
    member.request = member.demand;
    member.admitted = false;
  }
  const auto capacity = cpu_memory(4 * core, 0);
  const auto strict = make_policy(PolicyKind::fifo)->divide(capacity, members);
  CHECK(strict->turn == std::vector{Turn::runs, Turn::waits, Turn::waits});
  const auto backfill = make_policy(PolicyKind::fifo, {true})->divide(capacity, members);
  CHECK(backfill->turn == std::vector{Turn::runs, Turn::waits, Turn::runs});
  CHECK(cpu_of(*backfill) == Sums{3 * core, 0, core});
}

TEST_CASE("round-robin freezes all but one set; the frozen keep their memory") {
  std::vector members{wanting(core, gib), wanting(core, gib), wanting(core, gib)};
  for (auto& member : members) member.request = cpu_memory(core, gib);
  const auto capacity = cpu_memory(2 * core, 4 * gib);
  const auto turns = [&](std::uint64_t turn) {
    PolicyOptions options;
    options.turn = turn;
    const auto division = make_policy(PolicyKind::round_robin, options)->divide(capacity, members);
    CHECK(division->amount[0][Resource::memory] == gib);
    return division->turn;
  };
  CHECK(turns(0) == std::vector{Turn::runs, Turn::runs, Turn::frozen});
  CHECK(turns(1) == std::vector{Turn::runs, Turn::frozen, Turn::runs});  // the gap is filled
  CHECK(turns(2) == turns(0));
}

TEST_CASE("priority writes weights a hundred apart, floors on top") {
  std::vector members{wanting(3 * core), wanting(2 * core), wanting(4 * core)};
  members[0].priority = members[1].priority = 5;
  members[2].request = cpu_memory(1'500'000, 0);
  const auto division = make_policy(PolicyKind::priority)->divide(cpu_memory(6 * core, 0), members);
  CHECK(cpu_of(*division) == Sums{2'500'000, 2 * core, 1'500'000});
  CHECK(division->cpu_weight == Weights{10000, 10000, 5200});
}

TEST_CASE("throughput over one resource needs no solver") {
  std::vector members{wanting(4 * core), wanting(4 * core)};
  members[1].value = 2;
  const auto policy = make_policy(PolicyKind::throughput);
  const auto division = policy->divide(cpu_memory(6 * core, 0), members);
  REQUIRE(division);
  CHECK(cpu_of(*division) == Sums{2 * core, 4 * core});
  members[0].demand[Resource::memory] = gib;
  CHECK(policy->divide(cpu_memory(6 * core, gib), members).error().code == Errc::unsupported);
}

TEST_CASE("latency weighs the short ones more, and says when there is too much work") {
  std::vector members{wanting(4 * core), wanting(4 * core)};
  members[0].work = 1;
  members[1].work = 10;
  const auto policy = make_policy(PolicyKind::latency);
  const auto division = policy->divide(cpu_memory(4 * core, 0), members);
  CHECK(division->cpu_weight == Weights{10000, 1000});
  members[0].load = members[1].load = 2 * core;
  CHECK(policy->divide(cpu_memory(4 * core, 0), members)->unstable);
}

TEST_CASE("static mode takes what was asked for as the demand") {
  const auto limit = cpu_memory(2 * core, 4 * gib), estimated = cpu_memory(1, 2);
  CHECK(demand_of(Mode::fixed, cpu_memory(core, 0), limit, estimated) == cpu_memory(core, 4 * gib));
  CHECK(demand_of(Mode::dynamic, cpu_memory(core, 0), limit, estimated) == estimated);
}

}  // namespace
}  // namespace weir
