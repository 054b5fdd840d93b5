// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/run.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "weir/cgroup/clear.h"
#include "weir/cgroup/guardian.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/signals.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/desired.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/leaf.h"
#include "weir/runtime/seccomp.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds grace{2000};  // between SIGTERM and cgroup.kill
constexpr int not_executable = 126, not_found = 127;

template <class T>
std::optional<T> first_of(const std::optional<T>& asked, const std::optional<T>& otherwise) {
  return asked ? asked : otherwise;
}

Status check_pair(bool above, std::string_view what) {
  if (!above) return {};
  return fail(Errc::usage, fmt::format("the {} request is above the {} limit", what, what),
              fmt::format("lower the request or raise the limit of {}", what));
}

Result<ContainerRecord> make_record(const Session& session, const Pool& pool,
                                    const RunRequest& request) {
  const auto& defaults = pool.spec.container;
  const auto caller = self();
  ContainerName name = request.name ? *request.name : *ContainerName::parse(caller.default_name);
  ContainerRecord record{.name = std::move(name)};
  record.cpu_limit = first_of(request.cpu_limit, defaults.cpu_limit);
  record.cpu_request = first_of(request.cpu_request, defaults.cpu_request);
  record.memory_limit = first_of(request.memory_limit, defaults.memory_limit);
  record.memory_request = first_of(request.memory_request, defaults.memory_request);
  // A default must not contradict what was asked for.
  if (!request.cpu_request && record.cpu_limit)
    record.cpu_request = record.cpu_request ? std::min(*record.cpu_request, *record.cpu_limit)
                                            : std::optional<Cores>{};
  if (!request.memory_request && record.memory_limit && record.memory_request)
    record.memory_request = std::min(*record.memory_request, *record.memory_limit);
  record.swap_limit =
      first_of(request.swap_limit, first_of(pool.spec.memory.swap, std::optional{Bytes{0}}));
  record.priority = request.priority;
  record.value = first_of(request.value, defaults.value);
  record.work = first_of(request.work, defaults.work);
  record.oom = pool.spec.oom;
  record.since_us = caller.now_us;
  record.owner_uid = caller.uid;
  WEIR_CHECK(check_pair(
      record.cpu_limit && record.cpu_request && *record.cpu_request > *record.cpu_limit, "CPU"));
  WEIR_CHECK(check_pair(
      record.memory_limit && record.memory_request && *record.memory_request > *record.memory_limit,
      "memory"));
  static_cast<void>(session);
  return record;
}

struct Started {
  Child child;
  CgroupPath path;
  std::size_t pool;
};

/// Everything that needs the books: from the check of the name until the child is in its leaf.
Result<Started> start(Session& session, const RunRequest& request) {
  WEIR_TRY(const auto index, find_leaf_pool(session.tree, request.pool));
  const auto& pool = session.tree.pools[index];
  WEIR_TRY(const auto record, make_record(session, pool, request));
  WEIR_TRY(const auto path, container_path(session.tree, index, record.name));
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_CHECK(check_pool_is_applied(session, pool));
  WEIR_CHECK(check_name_is_free(session, record.name));
  WEIR_TRY(const auto weight, newcomer_weight(session, index, record));
  WEIR_CHECK(make_leaf(session, path, record, pool, weight));
  auto directory = session.io.directory(path);
  auto child =
      directory ? spawn_into(*directory, request.command) : tl::unexpected(directory.error());
  session.io.inhabited(path);
  if (child) return Started{std::move(*child), path, index};
  ignore(session.io.remove(path), "the first error is the one to report");
  if (child.error().sys == EAGAIN)
    return fail(Errc::no_capacity,
                fmt::format("pool '{}' has reached its pids limit", pool.name().str()),
                "raise pids.limit of the pool or wait until processes end");
  return pass(std::move(child));
}

/// The command has ended: what it left is ended too, unless it is to stay.
Status finish(Session& session, const Started& started, bool leave) {
  if (leave) {
    WEIR_TRY(const bool empty,
             wait_unpopulated(session.io, started.path, std::chrono::milliseconds{0}));
    if (!empty) return {};
  }
  WEIR_CHECK(clear(session.io, started.path, grace));
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  return settle_weights(session, started.pool);
}

RunOutcome not_started(const Error& error) {
  const bool missing = error.sys == ENOENT && error.code == Errc::not_found;
  return RunOutcome{missing ? not_found : not_executable, error, std::nullopt};
}

Result<RunOutcome> supervise(Session& session, Started& started, const RunRequest& request,
                             SignalRelay& relay) {
  RunOutcome outcome;
  relay.relay_early(started.child.pidfd);
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
  WEIR_CHECK(take_filter_of_pool(session, request));
  WEIR_TRY(auto relay, SignalRelay::start());
  request.command.signal_mask = relay.previous_mask();
  WEIR_TRY(auto started, start(session, request));
  std::optional<Guardian> guardian;
  if (request.command.die_with_parent) {
    WEIR_TRY(auto directory, session.io.directory(started.path));
    WEIR_TRY(guardian, Guardian::watch(std::move(directory)));
  }
  auto outcome = supervise(session, started, request, relay);
  if (guardian) guardian->dismiss();
  return outcome;
}

}  // namespace weir
