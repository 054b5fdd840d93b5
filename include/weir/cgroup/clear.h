// SPDX-License-Identifier: Apache-2.0
// Emptying and removing a container's cgroup.
#pragma once

#include <chrono>

#include "weir/cgroup/io.h"

namespace weir {

/// Waits until nothing lives in the cgroup (`populated 0`, the only honest end: kernel.md #43) or
/// it is gone. False when time ran out.
Result<bool> wait_unpopulated(CgroupIo& io, const CgroupPath& cgroup,
                              std::chrono::milliseconds patience);

/// SIGTERM to every process in the cgroup and below; processes are held by pidfd while it is
/// checked that they still are in there, so that no stranger under a reused pid is hit.
Status terminate(CgroupIo& io, const CgroupPath& cgroup);

/// SIGTERM, `grace` to leave, then cgroup.kill. Nobody lives in it when this succeeds, or it is
/// gone; removing it is the next step.
Status empty_out(CgroupIo& io, const CgroupPath& cgroup, std::chrono::milliseconds grace);

/// cgroup.kill and, one by one, whoever it may spare (kernel-notes, 44); does not wait for their
/// end.
Status send_kill(CgroupIo& io, const CgroupPath& cgroup);

/// cgroup.kill at once.
Status kill_all(CgroupIo& io, const CgroupPath& cgroup);

/// The same, then removal of the cgroup and everything below it. Succeeds when it is already gone.
Status kill_and_remove(CgroupIo& io, const CgroupPath& cgroup);

/// Removes an unpopulated cgroup and the cgroups its processes made below it. EBUSY is tried again
/// for a moment: the last process may still be on its way out (runc#2344).
Status remove_tree(CgroupIo& io, const CgroupPath& cgroup);

}  // namespace weir
