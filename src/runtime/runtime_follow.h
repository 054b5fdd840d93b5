// SPDX-License-Identifier: Apache-2.0
// A container of crun or runc that moves: its runtime goes by the cgroup in its own state file.
#pragma once

#include "weir/model/names.h"
#include "weir/model/record.h"

namespace weir {

/// Errc::conflict, with the reason, for a container in `cgroup` whose runtime could not be told
/// where it went. A container of weir's own has no runtime.
Status check_runtime_can_follow(const ContainerRecord& record, const CgroupPath& cgroup);

/// Writes `to` into the state file of the container's runtime that says `from`. Where it says `to`
/// already, or is gone with the container, there is nothing to do. What it says is read back.
Status tell_runtime(const RuntimeIdentity& runtime, const CgroupPath& from, const CgroupPath& to);

}  // namespace weir
