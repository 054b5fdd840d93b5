// SPDX-License-Identifier: Apache-2.0
// plan, apply, verify, teardown.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/apply.h"
#include "weir/runtime/audit.h"

#include "commands.h"
#include "json.h"
#include "report.h"
#include "table.h"

namespace weir::cli {
namespace {

std::string shown(const CgroupPath& cgroup) { return cgroup.is_root() ? "/" : cgroup.str(); }
std::string quoted(const std::string& text) { return text.empty() ? "\"\"" : text; }

Table plan_table(const Plan& plan) {
  Table table({{"STEP", Align::right}, {"PHASE"}, {"OP"}, {"CGROUP"}, {"FILE"}, {"FROM"}, {"TO"}});
  std::size_t step = 0;
  for (const auto& change : plan.changes)
    table.add({fmt::format("{}", ++step), std::string{to_text(change.phase)},
               std::string{to_text(change.op)}, shown(change.cgroup), change.file,
               change.from ? quoted(*change.from) : "-",
               change.op == Op::write ? quoted(change.to) : "-"});
  return table;
}

void print_blocked(const Plan& plan) {
  for (const auto& blocked : plan.blocked)
    fmt::print(stderr, "blocked: {}{}{}: {}\n", shown(blocked.cgroup),
               blocked.file.empty() ? "" : "/" + blocked.file,
               blocked.to.empty() ? "" : " to " + blocked.to, blocked.reason);
}

void print_warnings(const Session& session, const Arguments& args) {
  for (const auto& warning : session.warnings) note(args, warning);
}

Evict parse_evict(const Arguments& args) {
  if (!args.evict) return Evict::no;
  return *args.evict == "kill" ? Evict::kill : Evict{Evict::Way::move, *args.evict};
}

Error blocked_error(const Plan& plan) {
  const auto& first = plan.blocked.front();
  Error error;
  error.message = fmt::format("{}/{}: {}", first.cgroup.str(), first.file, first.reason);
  if (plan.blocked.size() > 1)
    error.message += fmt::format(" (and {} more)", plan.blocked.size() - 1);
  error.hint = "the rest is done; lower the use or raise the limit, then apply again";
  return error;
}

}  // namespace

Result<int> plan_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto planned, plan(session));
  print_warnings(session, args);
  if (args.json) {
    print_json(plan_json(planned));
  } else if (planned.empty()) {
    note(args, "nothing to do: the kernel matches the file");
  } else {
    if (!planned.changes.empty()) plan_table(planned).print(args);
    print_blocked(planned);
  }
  return args.exit_code && !planned.empty() ? exit_drift : 0;
}

Result<int> apply_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto report,
           audited(session.audit_log, {"apply"}, apply(session, parse_evict(args))));
  print_warnings(session, args);
  if (args.json) {
    auto document = plan_json(report.plan);
    document["done"] = report.done;
    print_json(document);
  } else if (report.plan.empty()) {
    note(args, "nothing to do: the kernel matches the file");
  } else {
    note(args, fmt::format("{} change{} made", report.done, report.done == 1 ? "" : "s"));
  }
  if (report.plan.blocked.empty()) return 0;
  if (args.json) return exit_status(Errc::failed);
  print_blocked(report.plan);
  return report_error(blocked_error(report.plan), args);
}

Result<int> verify_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  auto verified = verify(session, args.repair);
  if (args.repair) verified = audited(session.audit_log, {"verify --repair"}, std::move(verified));
  WEIR_TRY(const auto drift, std::move(verified));
  print_warnings(session, args);
  bool left = false;
  for (const auto& entry : drift) left = left || !entry.repaired;
  if (args.json) {
    print_json(drift_json(drift));
  } else if (drift.empty()) {
    note(args, "no drift: the kernel matches the file");
  } else {
    Table table({{"CGROUP"}, {"FILE"}, {"WANTED"}, {"KERNEL"}, {"SYSTEMD"}, {"REPAIRED"}});
    for (const auto& entry : drift)
      table.add({shown(entry.cgroup), entry.file.empty() ? "-" : entry.file, quoted(entry.wanted),
                 entry.kernel ? quoted(*entry.kernel) : "absent",
                 entry.systemd ? quoted(*entry.systemd) : "-", entry.repaired ? "yes" : "no"});
    table.print(args);
    if (left && !args.repair) note(args, "hint: weir verify --repair");
  }
  return left ? exit_drift : 0;
}

Result<int> teardown_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session_for_teardown(args.options));
  WEIR_TRY(const auto report,
           audited(session.audit_log, {"teardown"}, teardown(session, args.kill)));
  if (args.json) {
    print_json({{"removed", report.removed},
                {"killed", report.killed},
                {"kept_controllers", report.kept}});
    return 0;
  }
  if (report.removed == 0)
    note(args, "nothing to do: there is no weir tree");
  else
    note(args, fmt::format("removed {} cgroup{}", report.removed, report.removed == 1 ? "" : "s"));
  if (!report.kept.empty())
    note(args,
         fmt::format("left switched on, because others use them: {}", fmt::join(report.kept, " ")));
  return 0;
}

}  // namespace weir::cli
