// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/strangers.h"

#include <algorithm>

#include "weir/cgroup/count_in.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/process.h"

namespace weir {
namespace {

constexpr std::size_t deepest = 8;

std::int64_t tasks_in(CgroupIo& io, const CgroupPath& cgroup) {
  if (const auto counted = count_in(io, cgroup, file::pids_current)) return *counted;
  const auto text = io.read(cgroup, file::cgroup_threads);
  return text ? std::ranges::count(*text, '\n') : 0;
}

Stranger describe(CgroupIo& io, const CgroupPath& cgroup) {
  Stranger out{cgroup, foreign_manager(cgroup.str()), tasks_in(io, cgroup), std::nullopt};
  if (const auto used = count_in(io, cgroup, file::memory_current)) out.memory = Bytes{*used};
  return out;
}

/// Slices and folders named after an engine ("docker", "machine.slice", "libpod_parent") only hold
/// containers; a leaf or a scope is one.
bool is_container(CgroupIo& io, const CgroupPath& cgroup) {
  const auto name = cgroup.leaf();
  if (name.ends_with(".slice") || name.ends_with(".service")) return false;
  if (name.ends_with(".scope")) return !foreign_manager(name).ends_with(".scope");
  const auto procs = io.read(cgroup, file::cgroup_procs);
  return procs && !procs->empty() && foreign_manager(cgroup.str()).ends_with("manages it");
}

void search(CgroupIo& io, const CgroupPath& at, const CgroupPath& top, std::size_t depth,
            std::vector<Stranger>& out) {
  const auto names = io.children(at);
  if (!names || depth > deepest) return;
  for (const auto& name : *names) {
    const auto child = at.child(name);
    if (!child || *child == top) continue;
    const auto events = io.read(*child, file::cgroup_events);
    if (!events || flat_value(*events, "populated").value_or(0) == 0) continue;
    if (is_container(io, *child))
      out.push_back(describe(io, *child));
    else
      search(io, *child, top, depth + 1, out);
  }
}

}  // namespace

Result<std::vector<Stranger>> find_strangers(CgroupIo& io, const CgroupPath& top) {
  std::vector<Stranger> out;
  search(io, CgroupPath{}, top, 0, out);
  return out;
}

}  // namespace weir
