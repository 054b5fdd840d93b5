// SPDX-License-Identifier: Apache-2.0
// place, release.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/agent_client.h"
#include "weir/runtime/audit.h"
#include "weir/runtime/containers.h"
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

/// The pool that holds it now, or nothing.
Result<std::string> pool_of_container(Session& session, const std::string& name) {
  WEIR_TRY(const auto container, ContainerName::parse(name));
  const auto path = find_container_called(session.io, session.tree, container.str());
  for (const auto& pool : session.tree.pools)
    if (path && pool.path == path->parent()) return pool.name().str();
  return std::string{};
}

Result<ReleaseReport> release_by_whom(const Arguments& args) {
  WEIR_TRY(const bool by_agent, asks_agent(args.options));
  if (by_agent) {
    WEIR_TRY(auto name, ContainerName::parse(args.name));
    AgentRequest request{.what = AgentRequest::What::release, .asked = {.name = std::move(name)}};
    request.kill = args.kill;
    WEIR_TRY(const auto reply, ask_agent(args.options, request));
    return ReleaseReport{reply.path, reply.killed};
  }
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto pool, pool_of_container(session, args.name));
  return audited(session.audit_log, {.what = "release", .pool = pool, .container = args.name},
                 release(session, args.name, args.kill));
}

}  // namespace

Result<int> place_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto report,
           audited(session.audit_log, {.what = "place", .pool = *args.pool, .container = args.name},
                   place(session, {*args.pool, args.name, args.pids, args.force})));
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
  WEIR_TRY(const auto report, release_by_whom(args));
  if (args.json)
    print_json({{"container", args.name}, {"path", report.path.str()}, {"killed", report.killed}});
  else
    note(args, fmt::format("released {}", args.name));
  return 0;
}

}  // namespace weir::cli
