// SPDX-License-Identifier: Apache-2.0
// Golden example S1 of docs/allocator.md, and what the simulation makes of memory, pools and
// recorded demand.
#include "weir/policy/simulate.h"

#include <doctest/doctest.h>
#include <numeric>

#include "weir/policy/sim_report.h"

namespace weir {
namespace {

constexpr std::int64_t core = 1'000'000;
constexpr std::int64_t gib = std::int64_t{1} << 30;

Trace trace_of(std::string_view csv) {
  auto trace = read_trace(TraceFormat::csv, "test.csv", csv);
  REQUIRE_MESSAGE(trace, (trace ? std::string() : trace.error().message));
  return std::move(*trace);
}

SimHost one_pool(std::int64_t cores, std::int64_t memory = 0, double slice = 1) {
  SimHost host{cpu_memory(cores * core, memory), {}};
  host.pools.push_back({"default", {}, 100, 100, {}, Resources::all(unbounded), {}, slice});
  host.pools[0].expandable.fill(true);
  return host;
}

constexpr std::string_view s1 =
    "id,arrival,cpu_s,memory,priority\n"
    "A,0,8,0,1\n"
    "B,1,4,0,2\n"
    "C,2,1,0,3\n"
    "D,3,2,0,1\n";

struct Expected {
  SimPolicy policy;
  double slice;
  std::vector<double> finish;
  double response, slowdown;
  std::uint64_t switches;  // 0: not defined
};

TEST_CASE("S1: every schedule of four jobs on one core, exactly") {
  const auto trace = trace_of(s1);
  const Expected cases[] = {
      {SimPolicy::fifo, 1, {8, 12, 13, 15}, 10.5, 5.1875, 4},
      {SimPolicy::round_robin, 1, {15, 11, 4, 9}, 8.25, 2.34375, 12},
      {SimPolicy::round_robin, 2, {15, 11, 5, 9}, 8.5, 2.59375, 7},
      {SimPolicy::fair, 1, {15, 12, 17.0 / 3, 29.0 / 3}, 109.0 / 12, 2.90625, 0},
      {SimPolicy::priority, 1, {13, 6, 3, 15}, 7.75, 2.46875, 6},
      {SimPolicy::priority_no_preempt, 1, {8, 13, 9, 15}, 9.75, 4.25, 4},
      {SimPolicy::srpt, 1, {15, 8, 3, 5}, 6.25, 1.40625, 6},
  };
  for (const auto& expected : cases) {
    CAPTURE(to_text(expected.policy));
    CAPTURE(expected.slice);
    const auto host = one_pool(1, 0, expected.slice);
    const auto outcome = simulate(trace, host, expected.policy);
    REQUIRE(outcome);
    for (std::size_t j = 0; j < trace.jobs.size(); ++j) {
      CAPTURE(trace.jobs[j].id);
      CHECK(outcome->jobs[j].finish == doctest::Approx(expected.finish[j]).epsilon(1e-12));
    }
    const auto report = summarise(trace, host, *outcome);
    CHECK(report.all.response.mean == doctest::Approx(expected.response).epsilon(1e-12));
    CHECK(report.all.slowdown.mean == doctest::Approx(expected.slowdown).epsilon(1e-12));
    if (expected.switches > 0) CHECK(outcome->switches == expected.switches);
    CHECK(report.all.utilisation == doctest::Approx(1));
    CHECK(outcome->end == doctest::Approx(15));
  }
}

TEST_CASE("backfill, drf and throughput on one core queue as fifo does, or by their order") {
  const auto trace = trace_of(s1);
  const auto host = one_pool(1);
  const auto fifo = simulate(trace, host, SimPolicy::fifo);
  for (auto policy : {SimPolicy::backfill, SimPolicy::drf}) {
    const auto other = simulate(trace, host, policy);
    for (std::size_t j = 0; j < trace.jobs.size(); ++j)
      CHECK(other->jobs[j].finish == fifo->jobs[j].finish);
  }
  const auto value = simulate(trace, host, SimPolicy::throughput);
  CHECK(std::accumulate(value->jobs.begin(), value->jobs.end(), 0.0, [](double most, auto& job) {
          return std::max(most, job.finish);
        }) == doctest::Approx(15));
}

TEST_CASE("S2 in the simulation: backfill lets a small job pass") {
  const auto trace = trace_of(
      "id,arrival,cpu_s,memory,threads\n"
      "A,0,30,0,3\n"
      "B,0,20,0,2\n"
      "C,0,5,0,1\n");
  const auto host = one_pool(4);
  const auto strict = simulate(trace, host, SimPolicy::fifo);
  CHECK(strict->jobs[2].start == doctest::Approx(10));
  const auto backfill = simulate(trace, host, SimPolicy::backfill);
  CHECK(backfill->jobs[2].start == 0);
  CHECK(backfill->jobs[1].start == doctest::Approx(10));
}

TEST_CASE("no policy gives a job more than its threads, or memory that is not there") {
  const auto trace = trace_of(
      "id,arrival,cpu_s,memory,threads\n"
      "A,0,8,2147483648,2\n"
      "B,0,4,2147483648,1\n"
      "C,0,4,9147483648,1\n");
  const auto host = one_pool(4, 3 * gib);
  for (auto policy : {SimPolicy::fair, SimPolicy::drf, SimPolicy::fifo, SimPolicy::backfill,
                      SimPolicy::round_robin, SimPolicy::priority, SimPolicy::throughput,
                      SimPolicy::latency, SimPolicy::srpt}) {
    CAPTURE(to_text(policy));
    const auto outcome = simulate(trace, host, policy);
    CHECK(outcome->jobs[0].finish + outcome->jobs[1].finish == doctest::Approx(12));
    CHECK(outcome->jobs[2].finish == -1);  // can never fit
    CHECK(summarise(trace, host, *outcome).all.refused == 1);
  }
}

TEST_CASE("fair gives every job the same, however many are of its kind") {
  const auto trace = trace_of(
      "id,arrival,cpu_s,memory,threads\n"
      "A,0,9,0,4\n"
      "B,0,9,0,4\n"
      "C,0,9,0,4\n"
      "D,0,1,0,2\n");
  const auto outcome = simulate(trace, one_pool(4), SimPolicy::fair);
  CHECK(outcome->jobs[3].finish == doctest::Approx(1));
  CHECK(outcome->jobs[0].finish == doctest::Approx(7));
}

TEST_CASE("pools share by their shares, and reservations are kept") {
  auto host = one_pool(4);
  host.pools[0].name = "a";
  host.pools.push_back(host.pools[0]);
  host.pools[1].name = "b";
  host.pools[1].cpu_shares = 300;
  const auto trace = trace_of(
      "id,arrival,cpu_s,memory,threads,pool\n"
      "A,0,4,0,4,a\n"
      "B,0,12,0,4,b\n");
  const auto outcome = simulate(trace, host, SimPolicy::fair);
  CHECK(outcome->jobs[0].finish == doctest::Approx(4));
  CHECK(outcome->jobs[1].finish == doctest::Approx(4));
  CHECK(outcome->pools[0].cpu_used == doctest::Approx(4));
  CHECK(outcome->reservations_broken == 0);

  host.pools[0].reservation = cpu_memory(3 * core, 0);
  const auto kept = simulate(trace, host, SimPolicy::fair);
  CHECK(kept->jobs[0].finish == doctest::Approx(4.0 / 3));
  CHECK(kept->reservations_broken == 0);
}

TEST_CASE("latency learns whose jobs are short") {
  std::string csv = "id,arrival,cpu_s,memory,user\n";
  for (int i = 0; i < 200; ++i)
    csv += "s" + std::to_string(i) + "," + std::to_string(i) + ",0.1,0,short\n" + "l" +
           std::to_string(i) + "," + std::to_string(i) + ",0.8,0,long\n";
  const auto trace = trace_of(csv);
  const auto host = one_pool(1);
  const auto fair = summarise(trace, host, *simulate(trace, host, SimPolicy::fair));
  const auto latency = summarise(trace, host, *simulate(trace, host, SimPolicy::latency));
  CHECK(latency.all.response.mean < fair.all.response.mean * 0.95);
}

TEST_CASE("drf serves the owner that has least, however late it comes") {
  std::string csv = "id,arrival,cpu_s,memory,user\n";
  for (int i = 0; i < 300; ++i) csv += "g" + std::to_string(i) + ",0,10,0,greedy\n";
  csv += "m,1,10,0,modest\n";
  const auto trace = trace_of(csv);
  const auto host = one_pool(2);
  CHECK(simulate(trace, host, SimPolicy::drf)->jobs.back().start == doctest::Approx(10));
  CHECK(simulate(trace, host, SimPolicy::fifo)->jobs.back().start == doctest::Approx(1500));
}

TEST_CASE("recorded demand is divided as it was, and curves add up") {
  auto host = one_pool(4);
  host.pools[0].name = "a";
  host.pools.push_back(host.pools[0]);
  host.pools[1].name = "b";
  const auto trace = trace_of(
      "time,pool,cpu,memory\n"
      "0,a,1,0\n"
      "0,b,9,0\n"
      "10,a,4,0\n"
      "20,a,0,0\n"
      "20,b,0,0\n");
  const auto outcome = simulate(trace, host, SimPolicy::fair);
  REQUIRE(outcome);
  CHECK(outcome->pools[0].cpu_used == doctest::Approx(10 + 20));
  CHECK(outcome->pools[1].cpu_used == doctest::Approx(30 + 20));
  CHECK(outcome->pools[1].cpu_unserved == doctest::Approx(60 + 70));
  for (const auto& pool : outcome->pools) {
    double sum = 0;
    for (double value : pool.usage.values) sum += value * pool.usage.interval;
    CHECK(sum == doctest::Approx(pool.cpu_used).epsilon(0.02));
    CHECK(pool.usage.values.size() <= 512);
    CHECK(pool.entitlement.values.front() == doctest::Approx(2));
  }
}

TEST_CASE("what cannot be simulated") {
  const auto trace = trace_of("id,arrival,cpu_s,memory,pool\nA,0,1,0,web\n");
  SimHost host{cpu_memory(core, 0), {}};
  CHECK(simulate(trace, host, SimPolicy::fair).error().code == Errc::config);
  host = one_pool(1);
  host.pools.push_back(host.pools[0]);
  CHECK(simulate(trace, host, SimPolicy::fair).error().message ==
        "the trace names pool 'web', which is not configured");
  host.pools[0].name = "web";
  host.pools[1].parent = 0;
  CHECK(simulate(trace, host, SimPolicy::fair).error().code == Errc::config);
}

TEST_CASE("names of policies read back") {
  for (int i = 0; i <= static_cast<int>(SimPolicy::srpt); ++i) {
    const auto policy = static_cast<SimPolicy>(i);
    CHECK(sim_policy_named(to_text(policy)) == policy);
  }
  CHECK_FALSE(sim_policy_named("fastest"));
}

TEST_CASE("percentiles are values that occur") {
  std::vector<double> values{4, 1, 3, 2};
  CHECK(percentile(values, 0.5) == 2);
  CHECK(percentile(values, 0.99) == 4);
  std::vector<double> none;
  CHECK(percentile(none, 0.5) == 0);
}

}  // namespace
}  // namespace weir
