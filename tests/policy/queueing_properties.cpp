// SPDX-License-Identifier: Apache-2.0
// The simulation against queueing theory (docs/allocator.md 15): M/M/1 first come first served,
// processor sharing, preemptive priority. A mean over n jobs at load 0.9 has a relative standard
// error of about 20/sqrt(n), so the small size holds for its seeds and WEIR_SIM_JOBS says how many
// jobs a run of each load is given; 20,000,000 makes 2 % five standard errors.
#include <chrono>
#include <doctest/doctest.h>

#include "policy/random_trace.h"

namespace weir::testing {
namespace {

constexpr double loads[] = {0.5, 0.8, 0.9};

/// Jobs in all, and in one run: memory bounds a run, not the figure.
std::size_t jobs_asked() {
  const char* text = std::getenv("WEIR_SIM_JOBS");
  return to_number<std::size_t>(text == nullptr ? "" : text).value_or(600'000);
}
constexpr std::size_t run_size = 600'000;

/// Mean response time of each class over as many runs as it takes.
std::vector<double> mean_responses(SimPolicy policy, double load, int classes) {
  std::vector<double> sum(static_cast<std::size_t>(classes)), count(sum.size());
  const auto runs = (jobs_asked() + run_size - 1) / run_size;
  for (std::uint64_t run = 0; run < runs; ++run) {
    const auto trace = poisson_trace(run + 1, std::min(jobs_asked(), run_size), load, classes);
    const auto outcome = simulate(trace, single_pool(1'000'000), policy);
    REQUIRE(outcome);
    for (std::size_t j = 0; j < trace.jobs.size(); ++j) {
      const auto at = static_cast<std::size_t>(trace.jobs[j].priority);
      sum[at] += outcome->jobs[j].finish - trace.jobs[j].arrival;
      count[at] += 1;
    }
  }
  for (std::size_t k = 0; k < sum.size(); ++k) sum[k] /= count[k];
  return sum;
}

TEST_CASE("M/M/1 first come first served, and processor sharing: 1 / (1 - load)") {
  for (auto policy : {SimPolicy::fifo, SimPolicy::fair})
    for (double load : loads) {
      const auto mean = mean_responses(policy, load, 1)[0];
      MESSAGE(to_text(policy), " at ", load, ": ", mean, " for ", 1 / (1 - load));
      CHECK(mean == doctest::Approx(1 / (1 - load)).epsilon(0.02));
    }
}

TEST_CASE("preemptive priority M/M/1: 1 / ((1 - load above) (1 - load above and own))") {
  for (double load : loads) {
    const auto mean = mean_responses(SimPolicy::priority, load, 2);
    const double high = 1 / (1 - load / 2), low = high / (1 - load);
    MESSAGE("priority at ", load, ": ", mean[1], " for ", high, ", ", mean[0], " for ", low);
    CHECK(mean[1] == doctest::Approx(high).epsilon(0.02));
    CHECK(mean[0] == doctest::Approx(low).epsilon(0.02));
  }
}

TEST_CASE("first come first served is Lindley's recursion, job by job") {
  const auto trace = poisson_trace(3, 20'000, 0.9);
  const auto outcome = simulate(trace, single_pool(1'000'000), SimPolicy::fifo);
  double free_at = 0, worst = 0;
  for (std::size_t j = 0; j < trace.jobs.size(); ++j) {
    free_at = std::max(free_at, trace.jobs[j].arrival) + trace.jobs[j].cpu_s;
    worst = std::max(worst, std::abs(outcome->jobs[j].finish - free_at));
  }
  CHECK(worst < 1e-6);
}

TEST_CASE("every policy does all the work, never more than the CPU can, and SRPT is the quickest") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    auto trace = poisson_trace(seed, 2'000, 3.2, 3);
    Random random(seed);
    trace.owners = {"a", "b", "c"};
    for (auto& job : trace.jobs) {
      job.threads = random.between(1, 4);
      job.owner = static_cast<std::uint32_t>(random.below(3));
    }
    const auto host = single_pool(4'000'000);
    double work = 0;
    for (const auto& job : trace.jobs) work += job.cpu_s;
    std::vector<double> means;
    for (int p = 0; p <= static_cast<int>(SimPolicy::srpt); ++p) {
      const auto policy = static_cast<SimPolicy>(p);
      CAPTURE(to_text(policy));
      const auto outcome = simulate(trace, host, policy);
      double sum = 0;
      for (std::size_t j = 0; j < trace.jobs.size(); ++j) {
        const auto& job = trace.jobs[j];
        const double response = outcome->jobs[j].finish - job.arrival;
        REQUIRE(response >= job.cpu_s / static_cast<double>(job.threads) - 1e-6);
        sum += response;
      }
      means.push_back(sum / static_cast<double>(trace.jobs.size()));
      REQUIRE(outcome->pools[0].cpu_used == doctest::Approx(work).epsilon(1e-6));
      REQUIRE(outcome->end * 4 >= work);
      REQUIRE(outcome->reservations_broken == 0);
    }
    // With several cores SRPT is no longer optimal, but nobody who does not know sizes comes near.
    CHECK(means.back() < means[static_cast<std::size_t>(SimPolicy::fifo)]);
    CHECK(means.back() < means[static_cast<std::size_t>(SimPolicy::round_robin)]);
  }
}

double seconds_for(SimPolicy policy, std::size_t jobs) {
  const auto trace = poisson_trace(1, jobs, 0.9, 3);
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(simulate(trace, single_pool(1'000'000), policy));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST_CASE("time is linear in jobs" * doctest::may_fail()) {
  for (int p = 0; p <= static_cast<int>(SimPolicy::srpt); ++p) {
    const auto policy = static_cast<SimPolicy>(p);
    const double few = seconds_for(policy, 25'000), many = seconds_for(policy, 100'000);
    MESSAGE(to_text(policy), ": ", many * 1e4, " us a thousand jobs, growth ", many / few);
    CHECK(many < 8 * few);
  }
}

}  // namespace
}  // namespace weir::testing
