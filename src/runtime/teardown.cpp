// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <fmt/format.h>

#include "weir/cgroup/clear.h"
#include "weir/cgroup/observe.h"
#include "weir/model/kernel_files.h"
#include "weir/policy/planner.h"
#include "weir/runtime/adopt.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/journal.h"
#include "weir/runtime/prepare.h"

#include "tree_checks.h"

namespace weir {
namespace {

/// Nothing is taken down under a process that works on it.
Status check_nobody_works(const Session& session) {
  for (const auto& cgroup : busy_cgroups(session.run_dir))
    if (session.io.exists(cgroup))
      return fail(Errc::conflict, fmt::format("{} is busy: another weir works on it", cgroup.str()),
                  "wait until it has ended, then try again");
  return {};
}

/// Where the file has a pool, an empty cgroup without weir's mark was made by an apply that was
/// killed before it could mark it.
void claim_half_made(const PoolTree& tree, ObservedTree& observed) {
  for (auto& cgroup : observed.cgroups)
    if (cgroup.kind == CgroupKind::foreign && !cgroup.populated && tree.find_at(cgroup.path))
      cgroup.kind = CgroupKind::pool;
}

Status check_nobody_inside(const ObservedTree& observed, bool kill) {
  std::size_t running = 0;
  for (const auto& cgroup : observed.cgroups) {
    if (cgroup.kind == CgroupKind::foreign)
      return fail(Errc::conflict, fmt::format("{} was not made by weir", cgroup.path.str()),
                  "end what runs there and remove it, then try again");
    running += cgroup.kind == CgroupKind::container && cgroup.populated ? 1 : 0;
  }
  if (running == 0 || kill) return {};
  return fail(Errc::conflict,
              fmt::format("{} container{} still running", running, running == 1 ? " is" : "s are"),
              "`weir ps` shows them; `weir teardown --kill` ends them");
}

/// The top slice carries the record of what weir switched on above it, so it goes last of all: a
/// teardown that is cut short leaves it for the next one. Returns the controllers that stay on.
Result<std::vector<std::string>> remove_top(CgroupIo& io, const ObservedCgroup& top) {
  std::string off;
  for (const auto& controller : top.subtree_control) off += fmt::format("-{} ", controller);
  const bool by_systemd = top.pool && top.pool->backend == Backend::systemd;
  if (!off.empty() && !by_systemd) {
    off.pop_back();
    WEIR_CHECK(io.write(top.path, file::cgroup_subtree_control, off));
  }
  std::vector<std::string> kept;
  if (top.pool) {
    WEIR_TRY(kept, restore_controllers(io, top.path, top.pool->enabled));
  }
  auto removed = io.remove(top.path);
  if (!removed && removed.error().sys != ENOENT) return pass(std::move(removed));
  return kept;
}

}  // namespace

Result<TeardownReport> teardown(Session& session, bool kill) {
  repair(session);
  WEIR_TRY(auto claim, session.run_dir.claim("apply"));
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_TRY(auto observed, observe(session.io, session.tree.top, Depth::containers));
  if (observed.cgroups.empty()) return TeardownReport{};
  WEIR_CHECK(check_same_backend(session, observed));
  WEIR_TRY(const auto adoption, adopt(session));
  if (adoption.anything()) {
    WEIR_TRY(observed, observe(session.io, session.tree.top, Depth::containers));
  }
  claim_half_made(session.tree, observed);
  WEIR_CHECK(check_nobody_inside(observed, kill));
  WEIR_CHECK(check_nobody_works(session));
  TeardownReport report;
  for (const auto& cgroup : observed.cgroups) {
    if (cgroup.kind != CgroupKind::container) continue;
    WEIR_CHECK(kill_and_remove(session.io, cgroup.path));
    report.killed += cgroup.populated ? 1 : 0;
  }
  auto execution = execute(session.io, make_teardown_plan(observed));
  if (execution.stopped_by) return tl::unexpected(std::move(*execution.stopped_by));
  WEIR_TRY(report.kept, remove_top(session.io, observed.cgroups.front()));
  report.removed = execution.done + 1;
  ignore(forget_hook(session),
         "what is left of it names pools that are not there, and places nothing");
  return report;
}

}  // namespace weir
