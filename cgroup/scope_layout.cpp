// SPDX-License-Identifier: Apache-2.0
#include "scope_layout.h"

#include <algorithm>

#include "systemd_properties.h"

namespace weir {

CgroupPath ScopeLayout::inner(const CgroupPath& cgroup) const {
  const auto unit = unit_of(cgroup);
  if (!unit || !unit->ends_with(".scope")) return cgroup;
  const auto below = cgroup.child(inner_name);
  return below && files_.exists(*below) ? *below : cgroup;
}

bool ScopeLayout::has_limits_inside(const CgroupPath& cgroup) const {
  const auto below = inner(cgroup);
  return below != cgroup && files_.has_file(below, file::cpu_max);
}

CgroupPath ScopeLayout::home(const CgroupPath& cgroup, std::string_view name) const {
  if (name == file::memory_oom_group || name == file::cgroup_procs) return inner(cgroup);
  const bool limit = std::ranges::find(limits_of_runtimes, name) != limits_of_runtimes.end();
  return limit && has_limits_inside(cgroup) ? inner(cgroup) : cgroup;
}

}  // namespace weir
