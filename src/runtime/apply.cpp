// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/apply.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "weir/cgroup/clear.h"
#include "weir/cgroup/observe.h"
#include "weir/cgroup/tasks.h"
#include "weir/model/kernel_files.h"
#include "weir/policy/planner.h"
#include "weir/runtime/adopt.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/journal.h"
#include "weir/runtime/leaf.h"
#include "weir/runtime/move.h"
#include "weir/runtime/prepare.h"
#include "weir/runtime/shrink.h"

#include "dynamics_notes.h"
#include "tree_checks.h"

namespace weir {
namespace {

/// A task in a cgroup that also has children weighs as much as a cgroup of the default weight.
constexpr std::int64_t task_weight = 100;

Result<Outside> read_outside(Session& session) {
  WEIR_TRY(const auto around, observe_surroundings(session.io, session.tree.top));
  const auto tasks = static_cast<std::int64_t>(count_user_processes(around.tasks));
  return Outside{around.sibling_weights + tasks * task_weight, session.host.cpu_total()};
}

/// What systemd has for the cgroups that weir set.
Status ask_manager(Session& session, ObservedTree& observed) {
  for (auto& cgroup : observed.cgroups)
    if (cgroup.kind != CgroupKind::foreign) {
      WEIR_TRY(cgroup.managed, session.io.managed(cgroup.path));
    }
  return {};
}

void warn_of_strangers(Session& session, const ObservedTree& observed) {
  for (const auto& cgroup : observed.cgroups)
    if (cgroup.kind == CgroupKind::foreign)
      session.warnings.push_back(
          fmt::format("{}: not made by weir, left alone", cgroup.path.str()));
}

struct Picture {
  ObservedTree observed;
  DesiredTree desired;
  std::vector<Shrink> shrinks{};
};

/// Both trees, with the containers that ended unwatched taken away first.
Result<Picture> look(Session& session) {
  WEIR_CHECK(check_single_tree(session));
  WEIR_TRY(auto observed, observe(session.io, session.tree.top, Depth::containers));
  WEIR_CHECK(check_same_backend(session, observed));
  WEIR_TRY(const auto removed, reclaim_dead(session, observed));
  // Where there is no pool yet, nobody can have put anything into one.
  WEIR_TRY(const auto adoption,
           observed.cgroups.empty() ? Result<AdoptionReport>{AdoptionReport{}} : adopt(session));
  WEIR_CHECK(prepare_hook_if_missing(session));
  if (removed > 0 || adoption.anything()) {
    WEIR_TRY(observed, observe(session.io, session.tree.top, Depth::containers));
  }
  WEIR_CHECK(ask_manager(session, observed));
  WEIR_TRY(const auto outside, read_outside(session));
  auto desired =
      desired_tree(session.tree, members_of(session.tree, observed), outside, session.host.online);
  overlay_dynamics(session, desired);
  Picture picture{std::move(observed), std::move(desired)};
  picture.shrinks = allow_for_reclaim(session.io, picture.desired, picture.observed);
  return picture;
}

/// The containers of every pool that is in the way of `plan`.
std::vector<CgroupPath> in_the_way(const Plan& plan, const ObservedTree& observed) {
  std::vector<CgroupPath> out;
  for (const auto& blocked : plan.blocked) {
    if (!blocked.conflict) continue;
    for (const auto& cgroup : observed.cgroups)
      if (cgroup.kind == CgroupKind::container && cgroup.path.is_within(blocked.cgroup))
        out.push_back(cgroup.path);
  }
  return out;
}

/// Ends them, or moves them to another pool, which takes the books itself.
Status evict_all(Session& session, const Evict& evict, const std::vector<CgroupPath>& containers,
                 FileLock& lock) {
  if (evict.way == Evict::Way::move) lock.release();
  for (const auto& path : containers) {
    if (evict.way == Evict::Way::kill) {
      WEIR_CHECK(kill_and_remove(session.io, path));
    } else if (auto moved = evict_container(session, path, evict.to); !moved) {
      return tl::unexpected(
          std::move(moved).error().with(fmt::format("move {} to {}", path.leaf(), evict.to)));
    }
  }
  if (evict.way == Evict::Way::move) {
    WEIR_TRY(lock, session.run_dir.lock_books());
  }
  return {};
}

tl::unexpected<Error> conflict_error(const Blocked& conflict) {
  return fail(Errc::conflict, fmt::format("{}: {}", conflict.cgroup.str(), conflict.reason),
              "end or move its containers first, or `weir apply --evict POOL|kill`");
}

std::optional<std::string> managed_value(const ObservedTree& observed, const Change& change) {
  const auto* cgroup = observed.find(change.cgroup);
  if (!cgroup) return std::nullopt;
  const auto at = cgroup->managed.find(change.file);
  return at == cgroup->managed.end() ? std::nullopt : std::optional{at->second};
}

std::vector<Drift> drift_of(const Plan& plan, const ObservedTree& observed) {
  std::vector<Drift> out;
  for (const auto& change : plan.changes) {
    if (change.op == Op::write)
      out.push_back({change.cgroup, change.file, change.to, change.from,
                     managed_value(observed, change), false});
    // With `from` only the record of a cgroup that is there changes.
    if (change.op == Op::make && !change.from)
      out.push_back({change.cgroup, {}, "present", {}, {}, false});
    if (change.op == Op::remove) out.push_back({change.cgroup, {}, "absent", "present", {}, false});
  }
  for (const auto& blocked : plan.blocked)
    out.push_back({blocked.cgroup, blocked.file, blocked.to, blocked.reason, {}, false});
  return out;
}

/// Sums of a pool that are not what its containers add up to, though nothing came or went since.
Result<std::vector<Drift>> drift_of_books(Session& session, bool repair) {
  auto books = session.books();
  std::vector<Drift> out;
  for (std::size_t i = 0; i < session.tree.pools.size(); ++i) {
    const auto& pool = session.tree.pools[i];
    if (!pool.children.empty() || !session.io.exists(pool.path)) continue;
    WEIR_TRY(const auto counted, books.recount(i, false));
    if (counted.now.same_sums(counted.before) || counted.now.leaves != counted.before.leaves)
      continue;
    if (repair) WEIR_CHECK(books.recount(i, true));
    out.push_back({pool.path,
                   fmt::format("weir.{}", attribute::books),
                   counted.now.words(),
                   counted.before.words(),
                   {},
                   repair});
  }
  return out;
}

/// What `repair` left over is still drift; the rest was repaired.
void mark_repaired(std::vector<Drift>& drift, const Picture& after) {
  const auto left = drift_of(make_plan(after.desired, after.observed), after.observed);
  for (auto& entry : drift)
    entry.repaired = std::ranges::none_of(left, [&](const Drift& other) {
      // io.max has one entry for each device.
      return other.cgroup == entry.cgroup && other.file == entry.file &&
             (entry.file != file::io_max || other.wanted == entry.wanted);
    });
}

}  // namespace

Result<Plan> plan(Session& session) {
  repair(session);
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_TRY(const auto picture, look(session));
  warn_of_strangers(session, picture.observed);
  return make_plan(picture.desired, picture.observed);
}

Result<ApplyReport> apply(Session& session, const Evict& evict) {
  repair(session);
  WEIR_TRY(auto claim, session.run_dir.claim("apply"));
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_TRY(auto picture, look(session));
  warn_of_strangers(session, picture.observed);
  ApplyReport report{make_plan(picture.desired, picture.observed), 0};
  if (const auto* conflict = report.plan.conflict()) {
    if (evict.way == Evict::Way::no) return conflict_error(*conflict);
    WEIR_CHECK(evict_all(session, evict, in_the_way(report.plan, picture.observed), lock));
    WEIR_TRY(picture, look(session));
    report.plan = make_plan(picture.desired, picture.observed);
    if (const auto* still = report.plan.conflict()) return conflict_error(*still);
  }
  if (!picture.shrinks.empty()) {
    lock.release();
    make_room(session, picture.shrinks);
    WEIR_TRY(lock, session.run_dir.lock_books());
    WEIR_TRY(picture, look(session));
    report.plan = make_plan(picture.desired, picture.observed);
    if (const auto* conflict = report.plan.conflict()) return conflict_error(*conflict);
  }
  auto execution = execute(session.io, report.plan);
  if (execution.stopped_by) return tl::unexpected(std::move(*execution.stopped_by));
  WEIR_CHECK(prepare_hook(session));
  report.done = execution.done;
  std::ranges::move(execution.blocked, std::back_inserter(report.plan.blocked));
  return report;
}

Result<std::vector<Drift>> verify(Session& session, bool repair) {
  weir::repair(session);
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_TRY(const auto before, look(session));
  warn_of_strangers(session, before.observed);
  const auto wanted = make_plan(before.desired, before.observed);
  auto drift = drift_of(wanted, before.observed);
  WEIR_TRY(auto of_books, drift_of_books(session, repair));
  if (!repair || drift.empty()) {
    std::ranges::move(of_books, std::back_inserter(drift));
    return drift;
  }
  if (const auto* conflict = wanted.conflict()) return conflict_error(*conflict);
  auto execution = execute(session.io, wanted);
  if (execution.stopped_by) return tl::unexpected(std::move(*execution.stopped_by));
  WEIR_TRY(const auto after, look(session));
  mark_repaired(drift, after);
  std::ranges::move(of_books, std::back_inserter(drift));
  return drift;
}

}  // namespace weir
