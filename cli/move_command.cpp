// SPDX-License-Identifier: Apache-2.0
// move.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/audit.h"
#include "weir/runtime/move.h"

#include "commands.h"
#include "json.h"
#include "report.h"

namespace weir::cli {
namespace {

std::string in_words(const MoveReport& report, bool dry_run) {
  auto text = fmt::format("{}{} from {} to {}: {} process{}", dry_run ? "would move " : "moved ",
                          report.container, report.from, report.to, report.pids,
                          report.pids == 1 ? "" : "es");
  if (!dry_run) text += fmt::format(", frozen for {} ms", report.frozen_ms);
  text += fmt::format("; of {} in use {} stay{} charged to {}", to_text(report.memory),
                      to_text(report.left_behind), dry_run ? "" : "s", report.from);
  if (report.reclaimed > Bytes{})
    text +=
        fmt::format(", {} {} reclaimed", to_text(report.reclaimed), dry_run ? "can be" : "were");
  return text;
}

}  // namespace

Result<int> move_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  MoveRequest request{args.name, *args.to, args.dry_run, args.force};
  const auto moved = audited(session.audit_log,
                             {.what = "move", .pool = request.to, .container = request.container},
                             move(session, request));
  for (const auto& warning : session.warnings) note(args, warning);
  WEIR_TRY(const auto report, moved);
  if (args.json)
    print_json({{"container", report.container},
                {"from", report.from},
                {"to", report.to},
                {"path", report.path.str()},
                {"pids", report.pids},
                {"frozen_ms", report.frozen_ms},
                {"memory_bytes", report.memory.value},
                {"left_behind_bytes", report.left_behind.value},
                {"reclaimed_bytes", report.reclaimed.value}});
  else
    note(args, in_words(report, args.dry_run));
  return 0;
}

}  // namespace weir::cli
