// SPDX-License-Identifier: Apache-2.0
// D1 to D4 of docs/allocator.md 9: what makes dominant resource fairness fair.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>

#include "weir/policy/drf.h"

#include "policy/random.h"

namespace weir::testing {
namespace {

struct Instance {
  Resources capacity;
  std::vector<DrfMember> members;
  std::vector<double> tasks;
};

Instance random_instance(Random& random) {
  Instance instance;
  for (auto& amount : instance.capacity.amount) amount = random.between(1'000'000, 100'000'000);
  instance.members.resize(random.below(8) + 2);
  for (auto& member : instance.members) {
    for (std::size_t r = 0; r < resource_count; ++r)
      if (random.chance(70)) member.task[r] = random.between(1, instance.capacity[r] / 4);
    if (member.task == Resources{}) member.task[0] = 1'000;
  }
  instance.tasks = solve_drf(instance.members, instance.capacity);
  return instance;
}

/// Tasks of kind `task` that fit into `times` the bundle `held`.
double tasks_from(const Resources& task, const Resources& held, double times) {
  double most = std::numeric_limits<double>::infinity();
  for (std::size_t r = 0; r < resource_count; ++r)
    if (task[r] > 0)
      most = std::min(most, times * static_cast<double>(held[r]) / static_cast<double>(task[r]));
  return most;
}

std::array<double, resource_count> used(const Instance& instance) {
  std::array<double, resource_count> sum{};
  for (std::size_t i = 0; i < instance.members.size(); ++i)
    for (std::size_t r = 0; r < resource_count; ++r)
      sum[r] += instance.tasks[i] * static_cast<double>(instance.members[i].task[r]);
  return sum;
}

template <class Check>
void for_all(Check check) {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    auto instance = random_instance(random);
    check(instance, random);
  }
}

constexpr double tolerance = 1e-9;

TEST_CASE("drf never gives out more than there is") {
  for_all([](const Instance& instance, Random&) {
    const auto sum = used(instance);
    for (std::size_t r = 0; r < resource_count; ++r)
      REQUIRE(sum[r] <= static_cast<double>(instance.capacity[r]) * (1 + tolerance));
  });
}

TEST_CASE("D1: nobody would rather have another's bundle") {
  for_all([](const Instance& instance, Random&) {
    for (std::size_t i = 0; i < instance.members.size(); ++i)
      for (std::size_t j = 0; j < instance.members.size(); ++j)
        REQUIRE(tasks_from(instance.members[i].task, instance.members[j].task, instance.tasks[j]) <=
                instance.tasks[i] * (1 + tolerance));
  });
}

TEST_CASE("D2: nobody would rather have its equal part of everything") {
  for_all([](const Instance& instance, Random&) {
    const double part = 1.0 / static_cast<double>(instance.members.size());
    for (std::size_t i = 0; i < instance.members.size(); ++i)
      REQUIRE(instance.tasks[i] * (1 + tolerance) >=
              tasks_from(instance.members[i].task, instance.capacity, part));
  });
}

TEST_CASE("D3: nobody gains by asking for what it does not need") {
  for_all([](Instance instance, Random& random) {
    const auto liar = random.below(instance.members.size());
    const auto honest = instance.tasks[liar];
    const auto truth = instance.members[liar].task;
    for (std::size_t r = 0; r < resource_count; ++r)
      if (random.chance(50))
        instance.members[liar].task[r] = random.between(0, instance.capacity[r] / 4);
    const auto lied = solve_drf(instance.members, instance.capacity)[liar];
    if (instance.members[liar].task == Resources{}) return;
    REQUIRE(tasks_from(truth, instance.members[liar].task, lied) <= honest * (1 + tolerance));
  });
}

TEST_CASE("D4: everyone runs into a resource that is used up") {
  for_all([](const Instance& instance, Random&) {
    const auto sum = used(instance);
    for (const auto& member : instance.members) {
      bool blocked = false;
      for (std::size_t r = 0; r < resource_count; ++r)
        blocked = blocked || (member.task[r] > 0 &&
                              sum[r] >= static_cast<double>(instance.capacity[r]) * (1 - 1e-9));
      REQUIRE(blocked);
    }
  });
}

TEST_CASE("whole tasks: nothing that fits is left over, and shares differ by a task at most") {
  for_all([](Instance instance, Random& random) {
    const auto check_full = [&](const std::vector<std::int64_t>& tasks) {
      auto left = instance.capacity;
      for (std::size_t i = 0; i < tasks.size(); ++i)
        for (std::size_t r = 0; r < resource_count; ++r)
          left[r] -= tasks[i] * instance.members[i].task[r];
      REQUIRE(Resources{}.fits(left));
      for (const auto& member : instance.members) REQUIRE_FALSE(member.task.fits(left));
    };
    check_full(solve_drf_tasks(instance.members, instance.capacity));
    // Where all want the same resource, nobody is blocked while others still rise.
    for (auto& member : instance.members)
      member.task =
          cpu_memory(random.between(instance.capacity[0] / 400, instance.capacity[0] / 40), 0);
    const auto tasks = solve_drf_tasks(instance.members, instance.capacity);
    check_full(tasks);
    for (std::size_t i = 0; i < tasks.size(); ++i)
      for (std::size_t j = 0; j < tasks.size(); ++j) {
        const auto one_i = instance.members[i].task[0], one_j = instance.members[j].task[0];
        REQUIRE(tasks[i] * one_i - tasks[j] * one_j <= one_i + one_j);
      }
  });
}

}  // namespace
}  // namespace weir::testing
