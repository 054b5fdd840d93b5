// SPDX-License-Identifier: Apache-2.0
// place, release.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/place.h"

#include "commands.h"
#include "json.h"
#include "report.h"

namespace weir::cli {
namespace {

void print_place(const PlaceReport& report, const Arguments& args) {
  const auto& processes = report.processes;
  note(args, fmt::format("{} process{} now in {}", processes.taken.size(),
                         processes.taken.size() == 1 ? " is" : "es are", report.path.str()));
}

Error missed_error(const TakeReport& report) {
  const auto& first = report.missed.front();
  Error error;
  error.message = fmt::format("process {}: {}", first.pid, first.reason);
  if (report.missed.size() > 1)
    error.message += fmt::format(" (and {} more)", report.missed.size() - 1);
  error.hint = "the others are in the container";
  return error;
}

}  // namespace

Result<int> place_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto report, place(session, {*args.pool, args.name, args.pids, args.force}));
  const auto& processes = report.processes;
  if (args.json) {
    nlohmann::ordered_json missed = nlohmann::ordered_json::array();
    for (const auto& entry : processes.missed)
      missed.push_back({{"pid", entry.pid}, {"reason", entry.reason}});
    print_json({{"container", args.name},
                {"pool", *args.pool},
                {"path", report.path.str()},
                {"pids", processes.taken.size()},
                {"missed", std::move(missed)}});
    return processes.missed.empty() ? 0 : exit_status(Errc::failed);
  }
  print_place(report, args);
  return processes.missed.empty() ? 0 : report_error(missed_error(processes), args);
}

Result<int> release_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto report, release(session, args.name, args.kill));
  if (args.json)
    print_json({{"container", args.name}, {"path", report.path.str()}, {"killed", report.killed}});
  else
    note(args, fmt::format("released {}", args.name));
  return 0;
}

}  // namespace weir::cli
