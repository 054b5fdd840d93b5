// SPDX-License-Identifier: Apache-2.0
// Random traces with known statistics, for the simulation's tests and benchmarks.
#pragma once

#include <cmath>
#include <string>

#include "weir/policy/simulate.h"

#include "policy/random.h"

namespace weir::testing {

inline double exponential(Random& random, double mean) {
  return -mean * std::log(1.0 - random.unit());
}

/// `n` exponential variates: the midpoints of n equally likely strata in random order. Their mean
/// and spread are those of the distribution, so a queue's mean load is what was asked for and half
/// of the noise of independent draws is gone.
inline std::vector<double> exponentials(Random& random, std::size_t n, double mean) {
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i)
    values[i] = -mean * std::log(1.0 - (static_cast<double>(i) + 0.5) / static_cast<double>(n));
  for (std::size_t i = n; i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
  return values;
}

/// Poisson arrivals at `load` jobs a second, each of one CPU second on average, on one thread, in
/// one of `classes` priorities.
inline Trace poisson_trace(std::uint64_t seed, std::size_t jobs, double load, int classes = 1) {
  Random random(seed);
  const auto gaps = exponentials(random, jobs, 1 / load), works = exponentials(random, jobs, 1);
  Trace trace;
  trace.pools = trace.owners = {"default"};
  trace.jobs.reserve(jobs);
  double now = 0;
  for (std::size_t i = 0; i < jobs; ++i) {
    now += gaps[i];
    Job job;
    job.arrival = now;
    job.cpu_s = std::max(1e-9, works[i]);
    job.priority = random.between(0, classes - 1);
    trace.jobs.push_back(std::move(job));
  }
  return trace;
}

inline SimHost single_pool(std::int64_t micro_cores) {
  SimHost host{cpu_memory(micro_cores, 0), {}};
  host.pools.emplace_back();
  host.pools.back().name = "default";
  return host;
}

}  // namespace weir::testing
