// SPDX-License-Identifier: Apache-2.0
// A container's cgroup made again somewhere else, with all that anybody has set on it.
#pragma once

#include "weir/cgroup/io.h"
#include "weir/model/observed.h"

namespace weir {

/// Errc::conflict where `cgroup` or one below it cannot be made again elsewhere: threaded cgroups,
/// partitions of CPUs.
Status check_can_be_copied(CgroupIo& io, const CgroupPath& cgroup);

/// Gives `to`, which is there and empty, every setting and attribute of `from` that differs, except
/// what `instead` says otherwise, and makes the cgroups below `from` below it. Weir's own record is
/// not copied; nor is whether it is frozen, except below.
Status copy_leaf(CgroupIo& io, const CgroupPath& from, const CgroupPath& to,
                 const FileValues& instead);

}  // namespace weir
