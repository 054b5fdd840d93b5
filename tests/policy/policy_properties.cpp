// SPDX-License-Identifier: Apache-2.0
// Invariants of priority, fifo, round-robin and latency: P1, Q1, Q2, R1, R2, L1, L2 of
// docs/allocator.md 9.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>

#include "weir/policy/fifo.h"
#include "weir/policy/latency.h"
#include "weir/policy/priority.h"
#include "weir/policy/rotation.h"

#include "policy/random.h"

namespace weir::testing {
namespace {

struct Classes {
  std::vector<ClassMember> members;
  std::int64_t total;
};

Classes random_classes(Random& random) {
  Classes classes{{}, random.between(0, 10'000)};
  classes.members.resize(random.below(12) + 1);
  for (auto& member : classes.members) {
    const auto demand = random.between(0, 3'000);
    const auto floor =
        random.chance(40) ? random.between(0, std::min<std::int64_t>(demand, 500)) : 0;
    member = {random.between(-2, 2), random.any_magnitude(1'000'000), floor, demand};
  }
  return classes;
}

TEST_CASE("P1: a lower class gets more than its floor only when all above it have enough") {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto [members, total] = random_classes(random);
    const auto amounts = divide_by_class(members, total);
    std::int64_t sum = 0, demand = 0, floors = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
      sum += amounts[i];
      demand += members[i].demand;
      floors += members[i].floor;
    }
    REQUIRE(sum == std::min(total, demand));
    if (floors > total) continue;
    for (std::size_t low = 0; low < members.size(); ++low) {
      REQUIRE(amounts[low] >= members[low].floor);
      REQUIRE(amounts[low] <= members[low].demand);
      for (std::size_t high = 0; high < members.size(); ++high)
        if (members[high].priority > members[low].priority && amounts[low] > members[low].floor)
          REQUIRE(amounts[high] == members[high].demand);
    }
  }
}

TEST_CASE("I8 for priority: more capacity hurts nobody") {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto [members, total] = random_classes(random);
    const auto before = divide_by_class(members, total);
    const auto after = divide_by_class(members, total + random.between(0, 5'000));
    for (std::size_t i = 0; i < members.size(); ++i) REQUIRE(after[i] >= before[i] - 1);
  }
}

struct Queue {
  std::vector<FifoJob> waiting;
  std::vector<FifoRunning> running;
  Resources free;
};

Queue random_queue(Random& random) {
  Queue queue;
  queue.free = cpu_memory(random.between(0, 16), random.between(0, 64));
  for (std::size_t i = random.below(6); i > 0; --i)
    queue.running.push_back(
        {cpu_memory(random.between(0, 8), random.between(0, 16)), 10 * random.unit()});
  for (std::size_t i = random.below(12) + 1; i > 0; --i)
    queue.waiting.push_back(
        {cpu_memory(random.between(0, 12), random.between(0, 40)), 10 * random.unit()});
  return queue;
}

TEST_CASE("Q1: strict order starts a prefix of the queue, and all of it that fits") {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto [waiting, running, free] = random_queue(random);
    const auto started = admit_fifo(waiting, running, free, Backfill::no);
    auto left = free;
    for (std::size_t i = 0; i < started.size(); ++i) {
      REQUIRE(started[i] == i);
      left -= waiting[i].request;
    }
    REQUIRE(Resources{}.fits(left));
    if (started.size() < waiting.size()) REQUIRE_FALSE(waiting[started.size()].request.fits(left));
  }
}

/// When `head` can start at the earliest if nothing else is started but `active`.
double earliest_start(const Resources& head, std::vector<FifoRunning> active, Resources free) {
  std::ranges::sort(active, {}, [](const auto& job) { return *job.ends_in; });
  if (head.fits(free)) return 0;
  for (const auto& job : active) {
    free += job.request;
    if (head.fits(free)) return *job.ends_in;
  }
  return std::numeric_limits<double>::infinity();
}

TEST_CASE("Q2: backfill does not delay the earliest start of the first that waits") {
  std::size_t passed = 0;
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto [waiting, running, free] = random_queue(random);
    const auto strict = admit_fifo(waiting, running, free, Backfill::no);
    const auto all = admit_fifo(waiting, running, free, Backfill::yes);
    if (strict.size() == waiting.size()) continue;
    const auto& head = waiting[strict.size()].request;
    const auto with = [&](const std::vector<std::size_t>& started) {
      auto active = running;
      auto left = free;
      for (auto i : started) {
        active.push_back({waiting[i].request, waiting[i].run_time});
        left -= waiting[i].request;
      }
      REQUIRE(Resources{}.fits(left));
      return earliest_start(head, active, left);
    };
    passed += all.size() - strict.size();
    REQUIRE(with(all) <= with(strict));
  }
  if (property_cases() >= 1'000) CHECK(passed > 100);
}

TEST_CASE(
    "R1, R2: in a period everyone runs once, and nobody stands still longer than the others run") {
  for (std::uint64_t seed = 0; seed < property_cases(10); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto capacity = random.between(1, 8);
    const auto members = random.below(10) + 1;
    Rotation rotation(capacity);
    std::vector<std::int64_t> cpu(members);
    for (std::size_t i = 0; i < members; ++i) {
      cpu[i] = random.between(1, 8);
      rotation.arrive(i, cpu[i]);
    }
    std::vector<std::size_t> last_ran(members, 0);
    for (std::size_t turn = 1; turn <= 5 * members; ++turn) {
      rotation.fill();
      std::int64_t used = 0;
      for (auto id : rotation.running()) {
        REQUIRE(turn - last_ran[id] <= members);
        last_ran[id] = turn;
        used += std::min(cpu[id], capacity);
      }
      REQUIRE(used <= capacity);
      REQUIRE_FALSE(rotation.running().empty());
      rotation.end_turn();
    }
    for (auto turn : last_ran) REQUIRE(5 * members - turn < members);
  }
}

struct Queues {
  std::vector<Partition> parts;
  std::vector<double> rate;  // arrivals a second
  std::int64_t capacity = 0;
};

Queues random_queues(Random& random) {
  Queues queues;
  std::int64_t load = 0;
  for (std::size_t i = random.below(6) + 2; i > 0; --i) {
    Partition part;
    part.load = random.any_magnitude(2'000'000) + 1'000;
    load += part.load;
    queues.parts.push_back(part);
    // Weights are equal, so the objective is the number of jobs in the system: sum rate * T.
    queues.rate.push_back(1);
  }
  queues.capacity = load + load * random.between(10, 100) / 100;
  return queues;
}

/// sum lambda_i T_i = sum rho_i / (c_i - rho_i).
double jobs_in_system(const std::vector<Partition>& parts,
                      const std::vector<std::int64_t>& amount) {
  double sum = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto room = amount[i] - parts[i].load;
    if (room <= 0) return std::numeric_limits<double>::infinity();
    sum += static_cast<double>(parts[i].load) / static_cast<double>(room);
  }
  return sum;
}

TEST_CASE("L1: the square-root rule is no slower than equal or proportional parts") {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto [parts, rate, capacity] = random_queues(random);
    const auto result = partition_by_square_root(parts, capacity);
    REQUIRE_FALSE(result.unstable);
    const double ours = jobs_in_system(parts, result.amount);
    std::vector<Vessel> equal(parts.size()), proportional;
    for (const auto& part : parts) proportional.push_back({part.load});
    for (const auto& vessels : {equal, proportional}) {
      std::vector<std::int64_t> amount(parts.size());
      WaterFill().divide(vessels, capacity, amount);
      REQUIRE(ours <= jobs_in_system(parts, amount) * (1 + 1e-6));
    }
  }
}

TEST_CASE("L2: surplus over root of load is the same for all that are not clamped") {
  for (std::uint64_t seed = 0; seed < property_cases(); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const auto [parts, rate, capacity] = random_queues(random);
    const auto amount = partition_by_square_root(parts, capacity).amount;
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (amount[i] <= parts[i].load + parts[i].load / 20 + 1) continue;
      const double root = std::sqrt(static_cast<double>(parts[i].load));
      const auto surplus = static_cast<double>(amount[i] - parts[i].load);
      least = std::min(least, (surplus + 2) / root);
      most = std::max(most, (surplus - 2) / root);
    }
    REQUIRE(most <= least * (1 + 1e-6));
  }
}

}  // namespace
}  // namespace weir::testing
