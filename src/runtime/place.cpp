// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/place.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/cgroup/clear.h"
#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/runtime/adopt.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/leaf.h"
#include "weir/runtime/queue.h"

#include "new_record.h"
#include "record_io.h"

namespace weir {
namespace {

constexpr std::size_t most_pids = 100'000;

/// Why a process must stay where it is, in one line; nothing where it may move.
Status check_may_move(const HeldProcess& process, bool force) {
  const auto who = fmt::format("process {} ({})", process.stat.pid, process.stat.command);
  if (process.stat.pid == 1)
    return fail(Errc::usage, fmt::format("{}: the host's first process stays where it is", who));
  if (process.stat.is_kernel_thread())
    return fail(Errc::usage,
                fmt::format("{}: is a kernel thread, the kernel refuses to move it", who));
  if (!process.is_alive())
    return fail(Errc::usage,
                fmt::format("{}: has ended already and waits for its parent only", who));
  if (process.stat.pid == self().pid)
    return fail(Errc::usage, fmt::format("{}: is this very command", who));
  const auto whose = foreign_manager(process.cgroup);
  if (whose.empty() || force) return {};
  return fail(Errc::conflict, fmt::format("{}: {}", who, whose),
              "its manager would lose sight of it; --force takes it all the same");
}

Result<std::vector<HeldProcess>> hold_all(const PlaceRequest& request) {
  std::vector<HeldProcess> out;
  auto pids = request.pids;
  if (std::ranges::any_of(pids, [](int pid) { return pid <= 0; }))
    return fail(Errc::usage, "a process id is a number above 0");
  std::ranges::sort(pids);
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  if (pids.empty() || pids.size() > most_pids)
    return fail(Errc::usage, fmt::format("{} process ids: give 1 to {}", pids.size(), most_pids));
  for (const int pid : pids) {
    WEIR_TRY(auto process, hold_process(pid));
    WEIR_CHECK(check_may_move(process, request.force));
    out.push_back(std::move(process));
  }
  return out;
}

Result<ContainerRecord> make_record(ContainerName name, const Pool& pool) {
  const auto caller = self();
  WEIR_TRY(auto record, with_defaults({.name = std::move(name)}, pool));
  record.since_us = wall_us();
  record.owner_uid = caller.uid;
  return record;
}

/// Second descriptors of the same processes, for putting them back.
std::vector<HeldProcess> hold_again(const std::vector<HeldProcess>& processes) {
  std::vector<HeldProcess> out;
  for (const auto& process : processes)
    if (auto again = hold_process(process.stat.pid);
        again && again->stat.start_time == process.stat.start_time) {
      again->cgroup = process.cgroup;
      out.push_back(std::move(*again));
    }
  return out;
}

/// Those that wait in the pool's queue come first, as its policy says.
Status check_nobody_is_passed(Session& session, Books& books, std::size_t pool,
                              const ContainerRecord& record) {
  WEIR_TRY(auto queue, Queue::read(session.io, books, session.tree, session.run_dir));
  WEIR_TRY(auto verdict, queue.ask(pool, record));
  if (verdict.refused) return tl::unexpected(std::move(*verdict.refused));
  return {};
}

/// Everything that needs the books, until the empty cgroup waits for its processes.
Result<WorkClaim> make_place(Session& session, std::size_t pool, const CgroupPath& path,
                             const ContainerRecord& record) {
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_CHECK(check_pool_is_applied(session, session.tree.pools[pool]));
  auto books = session.books();
  WEIR_CHECK(check_name_is_free(session, books, record.name));
  WEIR_CHECK(check_nobody_is_passed(session, books, pool, record));
  WEIR_CHECK(books.admit(pool, record));
  auto claim = make_member(session, Work::place, pool, path, record);
  if (!claim) ignore(books.unbook(pool, record), "the next one to look counts anew");
  return claim;
}

/// Nobody came: the cgroup goes, if nobody is inside after all.
void give_up_place(Session& session, const CgroupPath& path, WorkClaim& claim) {
  auto lock = session.run_dir.lock_books();
  if (lock && session.books().remove(path)) claim.done();
}

Result<ReleaseReport> release_claimed(Session& session, const CgroupPath& path,
                                      const std::string& name, bool kill) {
  WEIR_TRY(const bool empty, wait_unpopulated(session.io, path, std::chrono::milliseconds{0}));
  if (!empty && !kill)
    return fail(Errc::conflict, fmt::format("container '{}' still has processes", name),
                fmt::format("end them, or `weir release {} --kill`", name));
  if (!empty) WEIR_CHECK(kill_all(session.io, path));
  WEIR_CHECK(session.books().remove(path));
  call_next(session.io, session.tree, session.run_dir);
  if (const auto pool = session.tree.find_at(path.parent()))
    ignore(settle_weights(session, *pool), "the next start or verify settles them");
  return ReleaseReport{path, !empty};
}

}  // namespace

Result<PlaceReport> place(Session& session, const PlaceRequest& request) {
  WEIR_TRY(const auto index, find_leaf_pool(session.tree, request.pool));
  const auto& pool = session.tree.pools[index];
  WEIR_TRY(auto name, ContainerName::parse(request.name));
  WEIR_TRY(auto processes, hold_all(request));
  WEIR_TRY(auto record, make_record(std::move(name), pool));
  record.arriving = true;
  PlaceReport report;
  WEIR_TRY(report.path, container_path(session.tree, index, record.name));
  repair(session);
  WEIR_TRY(auto claim, make_place(session, index, report.path, record));
  const auto homes = hold_again(processes);
  auto taken = take_processes(session.io, report.path, std::move(processes));
  session.io.inhabited(report.path);
  if (!taken || taken->taken.empty()) {
    put_back(session.io, homes);
    give_up_place(session, report.path, claim);
  }
  if (!taken) return pass(std::move(taken));
  if (taken->taken.empty())
    return fail(Errc::not_found, taken->missed.empty()
                                     ? "the processes ended before they could be moved"
                                     : fmt::format("process {}: {}", taken->missed.front().pid,
                                                   taken->missed.front().reason));
  report.processes = std::move(*taken);
  record.arriving = false;
  WEIR_CHECK(set_record(session.io, report.path, record));
  claim.done();
  if (auto again = session.run_dir.lock_books())
    ignore(settle_weights(session, index), "the next start or verify settles them");
  return report;
}

Result<ReleaseReport> release(Session& session, const std::string& name, bool kill) {
  WEIR_TRY(const auto container, ContainerName::parse_existing(name));
  repair(session);
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_CHECK(adopt(session));
  const auto path = find_container_called(session.io, session.tree, container.str());
  if (!path)
    return fail(Errc::not_found, fmt::format("no container '{}'", name),
                "`weir ps` shows the containers");
  const auto record = session.io.attribute(*path, attribute::container);
  if (!record || !*record)
    return fail(Errc::conflict, fmt::format("{} was not made by weir", path->str()),
                "whoever made it must remove it");
  WEIR_TRY(auto claim, weir::claim(session, name, {.work = Work::release, .cgroup = *path}));
  auto report = release_claimed(session, *path, name, kill);
  claim.done();
  return report;
}

}  // namespace weir
