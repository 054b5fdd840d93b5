// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/run.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "weir/cgroup/clear.h"
#include "weir/cgroup/count_in.h"
#include "weir/cgroup/guardian.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/signals.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/desired.h"
#include "weir/runtime/audit.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/leaf.h"
#include "weir/runtime/queue.h"
#include "weir/runtime/seccomp.h"

#include "new_record.h"
#include "record_io.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds grace{2000};  // between SIGTERM and cgroup.kill

Result<ContainerRecord> make_record(const Pool& pool, const RunRequest& request) {
  const auto caller = self();
  auto name = request.name ? *request.name : *ContainerName::parse(default_name());
  WEIR_TRY(auto record, with_defaults(asked_record(request, std::move(name)), pool));
  record.since_us = wall_us();
  record.owner_uid = caller.uid;
  return record;
}

struct Started {
  Child child;
  CgroupPath path;  ///< where it was born; it may be moved
  std::size_t pool;
  ContainerRecord record;
};

Error no_more_tasks(const Pool& pool) {
  Error error;
  error.code = Errc::no_capacity;
  error.message = fmt::format("pool '{}' has reached its pids limit", pool.name().str());
  error.hint = "raise pids.limit of the pool or wait until processes end";
  return error;
}

/// Signals that came when only we could hear them are its first.
void release(Child& child, SignalRelay& relay) {
  if (!child.gate) return;
  relay.relay_early(child.pidfd);
  open_gate(child);
}

/// The kernel refuses who is cloned into a cgroup at its pids.max, not who is moved in (kernel.md
/// #9).
bool is_overfull(Session& session, std::size_t index) {
  return std::ranges::any_of(session.tree.chain(index), [&](std::size_t at) {
    const auto& pool = session.tree.pools[at];
    return pool.pids_limit &&
           count_in(session.io, pool.path, file::pids_current) > pool.pids_limit->value;
  });
}

/// Born in the leaf, unless that was made around the child.
Result<Child> settle_in(Session& session, const CgroupPath& leaf, std::size_t pool,
                        std::optional<Child> brought, const Command& command) {
  if (!brought) {
    WEIR_TRY(const auto directory, session.io.directory(leaf));
    return spawn_into(directory, command);
  }
  if (!is_overfull(session, pool)) return std::move(*brought);
  give_up(*brought);
  return tl::unexpected(os_error(EAGAIN, leaf.str()));
}

/// From its admission until the child is in its leaf; the books are locked. It executes the command
/// while we tidy up, unless a guardian has to be there before.
Result<Started> start_admitted(Session& session, Books& books, std::size_t index,
                               const ContainerRecord& record, const Command& command,
                               SignalRelay& relay) {
  WEIR_TRY(const auto path, container_path(session.tree, index, record.name));
  std::optional<Child> brought;  // where we fail it finds its gate closed, and ends
  if (session.io.is_made_around_processes()) {
    WEIR_TRY(brought, spawn_outside(command));
    session.io.bring(brought->pid);
  }
  WEIR_CHECK(books.admit(index, record));
  auto claim = make_member(session, Work::make, index, path, record);
  if (!claim) {
    ignore(books.unbook(index, record), "the next one to look counts anew");
    return pass(std::move(claim));
  }
  claim->done();
  auto child = settle_in(session, path, index, std::move(brought), command);
  if (child && !command.die_with_parent) release(*child, relay);
  session.io.inhabited(path);
  if (child) return Started{std::move(*child), path, index, record};
  ignore(books.remove(path), "the first error is the one to report");
  if (child.error().sys == EAGAIN) return tl::unexpected(no_more_tasks(session.tree.pools[index]));
  return pass(std::move(child));
}

/// Waits for its turn, if it is told to, and starts the child.
Result<Started> start(Session& session, const RunRequest& request, SignalRelay& relay) {
  WEIR_TRY(const auto index, find_leaf_pool(session.tree, request.pool));
  const auto& pool = session.tree.pools[index];
  WEIR_TRY(auto record, make_record(pool, request));
  Waiter waiter{.pool = index, .record = record};
  waiter.patience = request.wait;
  waiter.interrupt = relay.descriptor();
  waiter.interrupted = [&] { return relay.asked_to_end(); };
  waiter.tell = request.tell_place;
  waiter.often = request.often;
  waiter.preempted = [&](const std::vector<Member>& victims) {
    const auto why =
        fmt::format("'{}' of priority {} needs its room", record.name.str(), record.priority);
    for (const auto& victim : victims)
      audit(session.audit_log, {.what = pool.spec.preempt == Preempt::kill ? "preempt by killing"
                                                                           : "preempt by freezing",
                                .pool = request.pool,
                                .container = victim.record.name.str(),
                                .result = "done",
                                .reason = why});
  };
  waiter.check = [&]() -> Status {
    WEIR_CHECK(check_pool_is_applied(session, pool));
    auto books = session.books();
    return check_name_is_free(session, books, record.name);
  };
  WEIR_TRY(auto turn, wait_for_turn(session.io, session.tree, session.run_dir, waiter));
  record.since_us = wall_us();
  auto started = start_admitted(session, turn.books, index, record, request.command, relay);
  if (turn.others_wait) call_next(session.io, session.tree, session.run_dir);
  return started;
}

Result<Started> start_audited(Session& session, const RunRequest& request, SignalRelay& relay) {
  auto started = start(session, request, relay);
  std::string name = request.name ? request.name->str() : "";
  if (started) name = started->path.leaf().substr(0, started->path.leaf().rfind(".scope"));
  return audited(session.audit_log, {.what = "run", .pool = request.pool, .container = name},
                 std::move(started));
}

/// Where the container is by now; nothing where it is no more.
std::optional<CgroupPath> current_path(Session& session, const CgroupPath& born,
                                       const ContainerRecord& record) {
  const auto is_it = [&](const CgroupPath& path) {
    const auto found = read_record(session.io, path).value_or(std::nullopt);
    return found && !found->remains && found->since_us == record.since_us;
  };
  if (is_it(born)) return born;
  auto moved = find_container(session.io, session.tree, record.name);
  if (moved && is_it(*moved)) return moved;
  return session.io.exists(born) ? std::optional{born} : std::nullopt;
}

/// The command has ended: what it left is ended too, unless it is to stay.
Status finish(Session& session, const Started& started, bool leave) {
  auto path = started.path;
  auto now = current_path(session, path, started.record);
  if (leave && now) {
    WEIR_TRY(const bool empty, wait_unpopulated(session.io, *now, std::chrono::milliseconds{0}));
    if (!empty) return {};
  }
  while (now) {
    path = std::move(*now);
    WEIR_CHECK(empty_out(session.io, path, grace));
    // Somebody may have been moving it just then.
    now = current_path(session, started.path, started.record);
    if (now == path) break;
  }
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_CHECK(session.books().remove(path));
  call_next(session.io, session.tree, session.run_dir);
  const auto pool = session.tree.find_at(path.parent());
  return pool ? settle_weights(session, *pool) : Status{};
}

RunOutcome not_started(const Error& error) {
  const bool missing = error.sys == ENOENT && error.code == Errc::not_found;
  return RunOutcome{missing ? command_not_found : command_not_executable, error, std::nullopt};
}

Result<RunOutcome> supervise(Session& session, Started& started, const RunRequest& request,
                             SignalRelay& relay) {
  RunOutcome outcome;
  release(started.child, relay);
  if (auto error = let_execute(started.child, request.command)) {
    ignore(reap(started.child), "it exited with what let_execute reported");
    outcome = not_started(*error);
  } else {
    if (auto lock = session.run_dir.lock_books())
      ignore(settle_weights(session, started.pool), "the next start or verify settles them");
    WEIR_CHECK(relay.relay_until_exit(started.child.pidfd));
    WEIR_TRY(outcome.status, reap(started.child));
  }
  auto finished = finish(session, started, request.leave);
  if (!finished) outcome.cleanup = std::move(finished).error();
  return outcome;
}

/// The pool's own profile, where no flag named another.
Status take_filter_of_pool(const Session& session, RunRequest& request) {
  if (request.seccomp) return {};
  WEIR_TRY(const auto index, find_leaf_pool(session.tree, request.pool));
  const auto& user = request.command.user;
  const bool privileged = user ? user->uid == 0 : self().uid == 0;
  WEIR_TRY(request.command.filter,
           seccomp_filter(session.tree.pools[index].spec.seccomp, SeccompSource::pool, privileged));
  return {};
}

}  // namespace

Result<RunOutcome> run(Session& session, RunRequest request) {
  WEIR_TRY(auto relay, SignalRelay::start());
  session.io.get_ready();
  WEIR_CHECK(take_filter_of_pool(session, request));
  repair(session);
  request.command.signal_mask = relay.previous_mask();
  WEIR_TRY(auto started, start_audited(session, request, relay));
  std::optional<Guardian> guardian;
  if (request.command.die_with_parent) {
    WEIR_TRY(auto directory, session.io.directory(started.path));
    WEIR_TRY(guardian, Guardian::watch(std::move(directory), [&session, &started] {
               const auto path = current_path(session, started.path, started.record);
               if (path)
                 ignore(session.io.write(*path, file::cgroup_kill, "1"),
                        "nobody is left to be told");
             }));
  }
  auto outcome = supervise(session, started, request, relay);
  if (guardian) guardian->dismiss();
  return outcome;
}

}  // namespace weir
