// SPDX-License-Identifier: Apache-2.0
#include "scope_start.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <iterator>
#include <utility>

#include "weir/model/kernel_files.h"

#include "patience.h"
#include "scope_layout.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds forget_patience{5000};

/// For any other one (cpuset, and io where the pool has none) systemd would write all files of the
/// scope and of every slice above once more, as it comes and as it goes (docs/decisions.md 66).
std::vector<std::string> delegated_controllers(CgroupFs& files, const CgroupPath& pool) {
  std::vector<std::string> out{"cpu", "memory", "pids"};
  if (files.has_file(pool, file::io_stat)) out.emplace_back("io");
  return out;
}

Status run_start_job(SystemdBus& bus, CgroupFs& files, const ScopeOrder& order, pid_t first) {
  auto properties = properties_of_scope(fmt::format("weir container {}", order.cgroup.leaf()),
                                        std::string{order.cgroup.parent().leaf()},
                                        delegated_controllers(files, order.cgroup.parent()),
                                        static_cast<std::uint32_t>(first));
  std::ranges::copy(order.limits, std::back_inserter(properties));
  Status started;
  // The unit of a container that has just ended is forgotten a moment after its cgroup.
  soon(forget_patience, [&] {
    started = bus.start_transient(order.unit, properties);
    if (started || started.error().sys != EEXIST || files.exists(order.cgroup)) return true;
    ignore(bus.reset_failed(order.unit), "it may not have failed");
    return false;
  });
  if (!started && started.error().sys == EEXIST)
    started.error().hint = fmt::format("`systemctl status {}` shows whose it is", order.unit);
  return started;
}

}  // namespace

Result<std::optional<ScopeHolder>> start_scope(SystemdBus& bus, CgroupFs& files,
                                               const ScopeOrder& order) {
  const auto& cgroup = order.cgroup;
  if (files.exists(cgroup)) return os_fail(EEXIST, cgroup.str());
  std::optional<ScopeHolder> holder;
  if (!order.first) {
    WEIR_TRY(holder, ScopeHolder::start());
  }
  const auto first = order.first ? *order.first : holder->pid();
  WEIR_CHECK(run_start_job(bus, files, order, first));
  WEIR_TRY(const auto below, cgroup.child(ScopeLayout::inner_name));
  WEIR_CHECK(files.make(below));
  WEIR_CHECK(files.write(below, file::cgroup_procs, fmt::format("{}", first)));
  WEIR_CHECK(files.write(cgroup, file::cgroup_subtree_control, "+memory"));
  return holder;
}

}  // namespace weir
