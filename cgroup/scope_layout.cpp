// SPDX-License-Identifier: Apache-2.0
#include "scope_layout.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "systemd_properties.h"

namespace weir {

namespace {

/// Where the child of a scope would be; nothing for any other cgroup.
std::optional<CgroupPath> place_inside(const CgroupPath& cgroup) {
  const auto unit = unit_of(cgroup);
  if (!unit || !unit->ends_with(".scope")) return std::nullopt;
  auto below = cgroup.child(ScopeLayout::inner_name);
  return below ? std::optional{std::move(*below)} : std::nullopt;
}

}  // namespace

CgroupPath ScopeLayout::inner(const CgroupPath& cgroup) const {
  auto below = place_inside(cgroup);
  return below && files_.exists(*below) ? std::move(*below) : cgroup;
}

bool ScopeLayout::has_limits_inside(const CgroupPath& cgroup) const {
  return home(cgroup, file::cpu_max) != cgroup;
}

CgroupPath ScopeLayout::home(const CgroupPath& cgroup, std::string_view name) const {
  if (name == file::memory_oom_group || name == file::cgroup_procs) return inner(cgroup);
  if (std::ranges::find(limits_of_runtimes, name) == limits_of_runtimes.end()) return cgroup;
  // Every observation comes here for three files of each container: one look tells both.
  auto below = place_inside(cgroup);
  return below && files_.has_file(*below, file::cpu_max) ? std::move(*below) : cgroup;
}

}  // namespace weir
