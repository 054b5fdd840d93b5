// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "simulate.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

Json spread_json(const Spread& spread) {
  return {{"mean", spread.mean}, {"p50", spread.p50}, {"p95", spread.p95}, {"p99", spread.p99}};
}

Json figures_json(const SimFigures& figures) {
  return {{"jobs", figures.jobs},
          {"response", spread_json(figures.response)},
          {"slowdown", spread_json(figures.slowdown)},
          {"wait", spread_json(figures.wait)},
          {"throughput", figures.throughput},
          {"utilisation", figures.utilisation}};
}

/// In the order of the trace; null for a job that can never fit.
Json finish_json(const Trace& trace, const SimOutcome& outcome) {
  Json out = Json::object();
  // Behind its back: looking each of a million keys up in a list would take forever.
  Json::object_t::Container& members = out.get_ref<Json::object_t&>();
  members.reserve(trace.jobs.size());
  for (std::size_t j = 0; j < trace.jobs.size(); ++j) {
    const double finish = outcome.jobs[j].finish;
    members.emplace_back(trace.jobs[j].id, finish < 0 ? Json{} : Json(finish));
  }
  return out;
}

}  // namespace

Json simulation_json(const Simulation& simulation, bool jobs) {
  Json policies = Json::array();
  for (std::size_t i = 0; i < simulation.reports.size(); ++i) {
    const auto& report = simulation.reports[i];
    Json entry{{"policy", to_text(report.policy)}, {"all", figures_json(report.all)}};
    entry["pools"] = Json::array();
    for (const auto& pool : report.pools) {
      Json one{{"pool", pool.pool}};
      one.update(figures_json(pool));
      entry["pools"].push_back(std::move(one));
    }
    entry["jain"] = report.jain;
    entry["reservations_broken"] = report.reservations_broken;
    entry["moves"] = report.moves;
    if (jobs) entry["finish"] = finish_json(simulation.trace, simulation.outcomes[i]);
    policies.push_back(std::move(entry));
  }
  return Json{{"policies", std::move(policies)}};
}

}  // namespace weir::cli
