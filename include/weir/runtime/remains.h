// SPDX-License-Identifier: Apache-2.0
// What moved containers left behind: cgroups without processes whose memory is still in use.
#pragma once

#include "weir/model/observed.h"
#include "weir/runtime/session.h"

namespace weir {

/// What is charged to a cgroup, swap included; zero where it is gone.
Bytes charged_to(CgroupIo& io, const CgroupPath& cgroup);

/// What memory.reclaim may take back without touching what processes wrote: page cache and slab.
Bytes reclaimable(CgroupIo& io, const CgroupPath& cgroup);

/// Asks the kernel for `wanted` bytes of a cgroup; what it gave.
Bytes reclaim(CgroupIo& io, const CgroupPath& cgroup, Bytes wanted);

/// Removes what has drained, and lets the containers have as much more. Cgroups that a living
/// process works on are left alone. The books must be locked. Returns how many were removed.
Result<std::size_t> settle_remains(Session& session, const ObservedTree& observed);

}  // namespace weir
