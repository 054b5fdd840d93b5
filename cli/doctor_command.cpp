// SPDX-License-Identifier: Apache-2.0
// doctor: findings with their remedies, and containers outside every pool.
#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/doctor.h"

#include "commands.h"
#include "json.h"
#include "report.h"
#include "table.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string_view word(Severity severity) {
  return severity == Severity::problem ? "problem" : "advice";
}

Json diagnosis_json(const Diagnosis& diagnosis) {
  Json out{{"findings", Json::array()}, {"outside", Json::array()}};
  for (const auto& finding : diagnosis.findings)
    out["findings"].push_back({{"id", finding.id},
                               {"severity", word(finding.severity)},
                               {"what", finding.what},
                               {"remedy", finding.remedy}});
  for (const auto& stranger : diagnosis.outside)
    out["outside"].push_back(
        {{"cgroup", stranger.cgroup.str()},
         {"manager", stranger.manager},
         {"pids", stranger.tasks},
         {"memory_bytes", stranger.memory ? Json(stranger.memory->value) : Json()}});
  return out;
}

void print_diagnosis(const Diagnosis& diagnosis, const Arguments& args) {
  for (const auto& finding : diagnosis.findings)
    fmt::print("{}: {}: {}\n  remedy: {}\n", word(finding.severity), finding.id, finding.what,
               finding.remedy);
  if (diagnosis.findings.empty()) fmt::print("nothing stands in the way\n");
  if (diagnosis.outside.empty()) return;
  fmt::print("\nContainers outside every pool:\n");
  Table table({{"CGROUP"}, {"WHO"}, {"TASKS", Align::right}, {"MEMORY", Align::right}});
  for (const auto& stranger : diagnosis.outside)
    table.add({stranger.cgroup.str(), stranger.manager, fmt::format("{}", stranger.tasks),
               stranger.memory ? to_text(*stranger.memory) : "-"});
  table.print(args);
}

}  // namespace

Result<int> doctor_command(const Arguments& args) {
  WEIR_TRY(const auto diagnosis, diagnose(args.options));
  if (args.json)
    print_json(diagnosis_json(diagnosis));
  else
    print_diagnosis(diagnosis, args);
  const bool problems = std::ranges::any_of(diagnosis.findings, [](const Finding& finding) {
    return finding.severity == Severity::problem;
  });
  return problems ? exit_status(Errc::failed) : 0;
}

}  // namespace weir::cli
