// SPDX-License-Identifier: Apache-2.0
// A container's scope, from systemd's job to the child its processes live in.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "weir/cgroup/fs.h"

#include "scope_holder.h"
#include "systemd_bus.h"
#include "systemd_properties.h"

namespace weir {

struct ScopeOrder {
  const CgroupPath& cgroup;
  const std::string& unit;
  const std::vector<UnitProperty>& limits;
  /// Who it is made around; it lives in the child afterwards. Nothing: a holder is started.
  std::optional<pid_t> first;
};

/// The holder, where one was started: the scope ends with it while nobody else is in there. EEXIST:
/// there is such a cgroup or unit already.
Result<std::optional<ScopeHolder>> start_scope(SystemdBus& bus, CgroupFs& files,
                                               const ScopeOrder& order);

}  // namespace weir
