// SPDX-License-Identifier: Apache-2.0
// Two tables that fit a terminal of 80 columns, rather than one that fits none.
#include <cmath>
#include <cstdio>
#include <fmt/format.h>

#include "weir/base/text.h"

#include "simulate.h"
#include "table.h"

namespace weir::cli {
namespace {

constexpr auto right = Align::right;

/// Calls `row(report, figures, name, is_total)` for each pool, and for all of them where there are
/// several.
template <class Row>
void each_row(const Simulation& simulation, const Row& row) {
  for (const auto& report : simulation.reports) {
    const bool several = report.pools.size() != 1;
    for (const auto& pool : report.pools) row(report, pool, pool.pool, !several);
    if (several) row(report, report.all, "(all)", true);
  }
}

Table times_table(const Simulation& simulation) {
  Table table({{"POLICY"},
               {"POOL"},
               {"JOBS", right},
               {"RESPONSE", right},
               {"P50", right},
               {"P95", right},
               {"P99", right},
               {"WAIT", right},
               {"P95", right}});
  each_row(simulation,
           [&](const SimReport& report, const SimFigures& figures, const std::string& name, bool) {
             const auto& response = figures.response;
             table.add({std::string{to_text(report.policy)}, name, fmt::format("{}", figures.jobs),
                        short_number(response.mean), short_number(response.p50),
                        short_number(response.p95), short_number(response.p99),
                        short_number(figures.wait.mean), short_number(figures.wait.p95)});
           });
  return table;
}

Table fairness_table(const Simulation& simulation) {
  Table table({{"POLICY"},
               {"POOL"},
               {"SLOWDOWN", right},
               {"P50", right},
               {"P95", right},
               {"P99", right},
               {"JOBS/S", right},
               {"USED", right},
               {"JAIN", right},
               {"BROKEN", right},
               {"MOVES", right}});
  each_row(simulation, [&](const SimReport& report, const SimFigures& figures,
                           const std::string& name, bool is_total) {
    const auto& slowdown = figures.slowdown;
    const auto of_all = [&](std::string text) { return is_total ? std::move(text) : "-"; };
    table.add({std::string{to_text(report.policy)}, name, short_number(slowdown.mean),
               short_number(slowdown.p50), short_number(slowdown.p95), short_number(slowdown.p99),
               short_number(figures.throughput), fmt::format("{:.1f}%", figures.utilisation * 100),
               of_all(fmt::format("{:.3f}", report.jain)),
               of_all(fmt::format("{}", report.reservations_broken)),
               of_all(fmt::format("{}", report.moves))});
  });
  return table;
}

Table jobs_table(const Simulation& simulation) {
  std::vector<Table::Column> columns{{"JOB"}};
  for (const auto& report : simulation.reports)
    columns.push_back({std::string{to_text(report.policy)}, right});
  Table table(std::move(columns));
  for (std::size_t j = 0; j < simulation.trace.jobs.size(); ++j) {
    std::vector<std::string> row{printable(simulation.trace.jobs[j].id)};
    for (const auto& outcome : simulation.outcomes)
      row.push_back(outcome.jobs[j].finish < 0 ? "never"
                                               : fmt::format("{:.3f}", outcome.jobs[j].finish));
    table.add(std::move(row));
  }
  return table;
}

}  // namespace

std::string short_number(double value) {
  if (value == 0) return "0";
  const double size = std::abs(value);
  if (size < 1e-3 || size >= 1e7) return fmt::format("{:.2e}", value);
  const int digits = std::max(0, 2 - static_cast<int>(std::floor(std::log10(size))));
  return fmt::format("{:.{}f}", value, digits);
}

void print_simulation(const Simulation& simulation, const Arguments& args) {
  times_table(simulation).print(args);
  fmt::print("\n");
  fairness_table(simulation).print(args);
  if (!args.simulate.jobs) return;
  fmt::print("\n");
  jobs_table(simulation).print(args);
}

}  // namespace weir::cli
