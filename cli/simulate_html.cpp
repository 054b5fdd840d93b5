// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "simulate.h"
#include "simulate_chart.h"
#include "simulate_style.h"

namespace weir::cli {
namespace {

constexpr std::size_t most_points = 400;  // a CDF of a million jobs is no finer on a screen
constexpr double decades_at_most = 9;

std::vector<double> sorted_responses(const Trace& trace, const SimOutcome& outcome) {
  std::vector<double> out;
  for (std::size_t j = 0; j < trace.jobs.size(); ++j)
    if (outcome.jobs[j].finish >= 0)
      out.push_back(std::max(outcome.jobs[j].finish - trace.jobs[j].arrival, 1e-9));
  std::ranges::sort(out);
  return out;
}

std::string decade_label(int power) {
  if (power >= -3 && power <= 3) return fmt::format("{:g}", std::pow(10, power));
  return fmt::format("1e{}", power);
}

/// Steps: at each response time, the part of the jobs that had ended by then.
std::vector<std::pair<double, double>> steps_of(const std::vector<double>& sorted, double low,
                                                double high) {
  const auto place = [&](double value) {
    return std::clamp((std::log10(value) - low) / (high - low), 0.0, 1.0);
  };
  std::vector<std::pair<double, double>> out;
  double part = 0;
  const auto count = std::min(sorted.size(), most_points);
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = (i + 1) * sorted.size() / count - 1;
    const double x = place(sorted[at]);
    out.emplace_back(x, part);
    part = static_cast<double>(at + 1) / static_cast<double>(sorted.size());
    out.emplace_back(x, part);
  }
  out.emplace_back(1, part);
  return out;
}

std::string distribution(const Simulation& simulation) {
  std::vector<std::vector<double>> responses;
  double least = HUGE_VAL, most = 0;
  for (const auto& outcome : simulation.outcomes) {
    responses.push_back(sorted_responses(simulation.trace, outcome));
    if (responses.back().empty()) continue;
    least = std::min(least, responses.back().front());
    most = std::max(most, responses.back().back());
  }
  if (most <= 0) return {};
  const double high = std::max(std::ceil(std::log10(most)), std::floor(std::log10(least)) + 1);
  const double low = std::max(std::floor(std::log10(least)), high - decades_at_most);
  Chart chart{"Part of the jobs that ended within a response time",
              "response time in seconds",
              {},
              round_ticks(1),
              {}};
  chart.y = {{0, "0%"}, {0.25, "25%"}, {0.5, "50%"}, {0.75, "75%"}, {1, "100%"}};
  for (int power = static_cast<int>(low); power <= static_cast<int>(high); ++power)
    chart.x.push_back({(power - low) / (high - low), decade_label(power)});
  std::string legend;
  for (std::size_t i = 0; i < responses.size(); ++i) {
    const auto name = std::string{to_text(simulation.outcomes[i].policy)};
    const auto style = fmt::format("curve distribution p{}", i);
    if (!responses[i].empty())
      chart.curves.push_back({style, name, steps_of(responses[i], low, high), false});
    legend += fmt::format(
        "<li><svg viewBox=\"0 0 28 8\"><path class=\"curve p{}\" "
        "d=\"M0 4H28\"/></svg>{}</li>",
        i, name);
  }
  return fmt::format(
      "<section><h2>Response times</h2><p>The part of the jobs that ended within a "
      "time; further left is faster.</p><ul class=\"legend\">{}</ul>\n"
      "<div class=\"large\">{}</div></section>\n",
      legend, render(chart));
}

/// Means of intervals as a staircase, of no more steps than a phone can show.
std::vector<std::pair<double, double>> staircase(const Curve& curve, double end, double most) {
  constexpr std::size_t most_steps = 160;
  const auto group = std::max<std::size_t>(1, (curve.values.size() + most_steps - 1) / most_steps);
  std::vector<std::pair<double, double>> out;
  for (std::size_t i = 0; i < curve.values.size(); i += group) {
    const auto next = std::min(i + group, curve.values.size());
    double sum = 0;
    for (std::size_t k = i; k < next; ++k) sum += curve.values[k];
    const double y = sum / static_cast<double>(next - i) / most;
    out.emplace_back(std::min(1.0, static_cast<double>(i) * curve.interval / end), y);
    out.emplace_back(std::min(1.0, static_cast<double>(next) * curve.interval / end), y);
  }
  return out;
}

const PoolOutcome& pool_of(const SimOutcome& outcome, const std::string& name) {
  return *std::ranges::find(outcome.pools, name, &PoolOutcome::name);
}

/// Every policy on the same axes, so that they can be compared.
std::string pool_section(const Simulation& simulation, const std::string& name) {
  double most = 0, end = 0;
  for (const auto& outcome : simulation.outcomes) {
    end = std::max(end, outcome.end);
    const auto& pool = pool_of(outcome, name);
    for (const auto* curve : {&pool.usage, &pool.entitlement})
      for (const double value : curve->values) most = std::max(most, value);
  }
  if (most <= 0 || end <= 0) return {};
  const double top = most * 1.05;
  auto out = fmt::format(
      "<section><h2>Pool {}</h2><p>CPU in cores over time: used (area) and "
      "entitled to when everyone wants everything (dashes).</p>"
      "<div class=\"many\">\n",
      escaped(name));
  for (std::size_t i = 0; i < simulation.outcomes.size(); ++i) {
    const auto& outcome = simulation.outcomes[i];
    const auto& pool = pool_of(outcome, name);
    const auto policy = to_text(outcome.policy);
    Chart chart{fmt::format("CPU of pool {} under {}", name, policy),
                "seconds",
                round_ticks(end),
                round_ticks(top),
                {}};
    chart.curves.push_back(
        {fmt::format("curve usage p{}", i), "used", staircase(pool.usage, end, top), true});
    chart.curves.push_back(
        {"curve entitlement", "entitled to", staircase(pool.entitlement, end, top), false});
    const auto& report = simulation.reports[i];
    const auto figures = std::ranges::find(report.pools, name, &SimReport::Pool::pool);
    out +=
        fmt::format("<figure><figcaption><b>{}</b> {:.1f}% of the host</figcaption>{}</figure>\n",
                    policy, figures->utilisation * 100, render(chart));
  }
  return out + "</div></section>\n";
}

std::string figure_row(std::string_view policy, std::string_view pool, const SimFigures& figures,
                       const std::string& jain) {
  std::string out =
      fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td>", policy, escaped(pool), figures.jobs);
  for (const auto* spread : {&figures.response, &figures.slowdown})
    for (const double value : {spread->mean, spread->p50, spread->p95, spread->p99})
      out += fmt::format("<td>{}</td>", short_number(value));
  return out + fmt::format("<td>{}</td><td>{}</td><td>{:.1f}%</td><td>{}</td></tr>\n",
                           short_number(figures.wait.mean), short_number(figures.throughput),
                           figures.utilisation * 100, jain);
}

std::string figures_table(const Simulation& simulation) {
  std::string rows;
  for (const auto& report : simulation.reports) {
    const auto jain = fmt::format("{:.3f}", report.jain);
    const bool several = report.pools.size() != 1;
    for (const auto& pool : report.pools)
      rows += figure_row(to_text(report.policy), pool.pool, pool, several ? "" : jain);
    if (several) rows += figure_row(to_text(report.policy), "(all)", report.all, jain);
  }
  return "<section><h2>Figures</h2><div class=\"wide\" tabindex=\"0\"><table><thead>"
         "<tr><th rowspan=\"2\">policy</th><th rowspan=\"2\">pool</th><th rowspan=\"2\">jobs</th>"
         "<th colspan=\"4\">response, s</th><th colspan=\"4\">slowdown</th>"
         "<th rowspan=\"2\">wait, s</th><th rowspan=\"2\">jobs/s</th><th rowspan=\"2\">used</th>"
         "<th rowspan=\"2\">Jain</th></tr><tr><th>mean</th><th>p50</th><th>p95</th><th>p99</th>"
         "<th>mean</th><th>p50</th><th>p95</th><th>p99</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div></section>\n";
}

}  // namespace

std::string simulation_page(const Simulation& simulation, const std::string& trace_name) {
  const auto slash = trace_name.rfind('/');
  const auto name = escaped(slash == std::string::npos ? trace_name : trace_name.substr(slash + 1));
  const auto& capacity = simulation.host.capacity;
  auto out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>weir simulate: {0}</title>\n<style>\n{1}</style></head><body>\n"
      "<header><h1>{0}</h1><p>{2} jobs on {3} cores and {4} of memory, simulated by weir "
      "{5}</p></header>\n<main>\n",
      name, page_style, simulation.trace.jobs.size(), to_text(Cores{capacity[Resource::cpu]}),
      to_text(Bytes{capacity[Resource::memory]}), WEIR_VERSION);
  out += distribution(simulation);
  if (!simulation.reports.empty())
    for (const auto& pool : simulation.reports.front().pools)
      out += pool_section(simulation, pool.pool);
  return out + figures_table(simulation) + "</main></body></html>\n";
}

}  // namespace weir::cli
