// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "weir/base/units.h"
#include "weir/policy/sim_report.h"

namespace weir {
namespace {

constexpr double micro = static_cast<double>(micro_per_core);

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  Spread spread;
  spread.mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  spread.p50 = percentile(values, 0.50);
  spread.p95 = percentile(values, 0.95);
  spread.p99 = percentile(values, 0.99);
  return spread;
}

/// What is gathered of the jobs of one pool, or of all.
struct Gathered {
  std::vector<double> response, slowdown, wait;
  std::size_t refused = 0;

  void take(const Job& job, const JobOutcome& outcome, double run_time) {
    if (outcome.finish < 0) {
      ++refused;
      return;
    }
    response.push_back(outcome.finish - job.arrival);
    slowdown.push_back(std::max(1.0, response.back() / run_time));
    wait.push_back(std::max(0.0, outcome.start - job.arrival));
  }

  [[nodiscard]] SimFigures figures(double end, double cpu_used, double cores) const {
    SimFigures figures;
    figures.jobs = response.size();
    figures.refused = refused;
    figures.response = spread_of(response);
    figures.slowdown = spread_of(slowdown);
    figures.wait = spread_of(wait);
    if (end > 0) figures.throughput = static_cast<double>(response.size()) / end;
    if (end > 0 && cores > 0) figures.utilisation = cpu_used / (cores * end);
    return figures;
  }
};

double jain_of(const std::vector<double>& slowdowns) {
  double sum = 0, squares = 0;
  for (double slowdown : slowdowns) {
    sum += 1 / slowdown;
    squares += 1 / (slowdown * slowdown);
  }
  if (slowdowns.empty()) return 0;
  return sum * sum / (static_cast<double>(slowdowns.size()) * squares);
}

std::size_t pool_index(const Trace& trace, const SimHost& host, std::uint32_t pool) {
  if (host.pools.size() == 1) return 0;
  const auto at = std::ranges::find(host.pools, trace.pools[pool], &SimPool::name);
  return static_cast<std::size_t>(at - host.pools.begin());
}

}  // namespace

double percentile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const auto rank = std::ceil(part * static_cast<double>(values.size()));
  const auto at = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(rank) - 1, 0,
                                             static_cast<std::ptrdiff_t>(values.size()) - 1);
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

SimReport summarise(const Trace& trace, const SimHost& host, const SimOutcome& outcome) {
  const double cores = static_cast<double>(host.capacity[Resource::cpu]) / micro;
  Gathered all;
  std::vector<Gathered> pools(host.pools.size());
  std::vector<bool> used(host.pools.size());
  for (std::uint32_t p = 0; p < trace.pools.size(); ++p) used[pool_index(trace, host, p)] = true;
  for (std::size_t j = 0; j < trace.jobs.size(); ++j) {
    const auto& job = trace.jobs[j];
    const double run_time = job.cpu_s / std::min(static_cast<double>(job.threads), cores);
    all.take(job, outcome.jobs[j], run_time);
    pools[pool_index(trace, host, job.pool)].take(job, outcome.jobs[j], run_time);
  }
  SimReport report;
  report.policy = outcome.policy;
  double cpu_used = 0;
  for (std::size_t p = 0; p < host.pools.size(); ++p) {
    if (!used[p]) continue;
    const auto& pool = outcome.pools[p];
    cpu_used += pool.cpu_used;
    report.pools.push_back(
        {pools[p].figures(outcome.end, pool.cpu_used, cores), pool.name, pool.cpu_unserved});
  }
  report.all = all.figures(outcome.end, cpu_used, cores);
  report.jain = jain_of(all.slowdown);
  report.reservations_broken = outcome.reservations_broken;
  report.moves = outcome.moves;
  report.switches = outcome.switches;
  return report;
}

}  // namespace weir
