// SPDX-License-Identifier: Apache-2.0
#include "agent/bereavement.h"

#include <cerrno>
#include <fmt/format.h>

#include "weir/cgroup/fs.h"
#include "weir/model/kernel_files.h"
#include "weir/runtime/freeze.h"

namespace weir {
namespace {

constexpr std::string_view process_name = "weir-guardian";

/// In a process of its own, after everything the agent had open was closed.
void thaw_for_the_dead(const std::string& mount, const std::string& run, const CgroupPath& top) {
  auto files = CgroupFs::open(mount);
  const auto run_dir = RunDir::open(run);
  if (!files || !run_dir) return;
  ignore(thaw_abandoned(*files, *run_dir, top),
         "nobody is there to be told; the next command tries");
}

/// Only the root of the whole hierarchy holds processes beside cgroups with controllers, and cannot
/// be killed as a whole.
bool is_true_root(CgroupIo& io) { return !io.has_file(CgroupPath{}, file::cgroup_type); }

Result<CgroupPath> home_below_mount() { return CgroupPath::parse(std::string{process_name}); }

Status enter(CgroupIo& io, const CgroupPath& home, pid_t pid) {
  return io.write(home, file::cgroup_procs, fmt::format("{}", pid));
}

Status settle_beside(CgroupIo& io, pid_t pid) {
  if (is_true_root(io)) return enter(io, CgroupPath{}, pid);
  WEIR_TRY(const auto home, home_below_mount());
  if (!io.exists(home)) WEIR_CHECK(io.make(home));
  // It sleeps, but would count among the neighbours of the pools.
  ignore(io.write(home, file::cpu_weight, "1"), "the controller may be off there");
  return enter(io, home, pid);
}

Status settle_in_scope(CgroupIo& io, pid_t pid) {
  WEIR_TRY(const auto home,
           CgroupPath::parse(fmt::format("system.slice/{}-{}.scope", process_name, pid)));
  WEIR_CHECK(io.make(home));
  auto done = enter(io, home, pid);
  io.inhabited(home);
  return done;
}

}  // namespace

Result<Watchman> start_watchman(Session& session, const Options& options, std::string& complaint) {
  const auto mount = session.host.cgroup->mount;
  const auto run = options.run_dir;
  const auto top = session.tree.top;
  WEIR_TRY(auto watchman,
           Watchman::start(std::string{process_name}, [=] { thaw_for_the_dead(mount, run, top); }));
  const auto settled = session.tree.backend == Backend::systemd
                           ? settle_in_scope(session.io, watchman.pid())
                           : settle_beside(session.io, watchman.pid());
  if (!settled) complaint = "the guardian stays in the agent's cgroup: " + settled.error().message;
  return watchman;
}

void remove_watchman_home(Session& session) {
  if (session.tree.backend == Backend::systemd || is_true_root(session.io)) return;
  const auto home = home_below_mount();
  if (home && session.io.exists(*home))
    ignore(session.io.remove(*home), "another agent's guardian may live there");
}

}  // namespace weir
