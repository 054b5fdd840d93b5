// SPDX-License-Identifier: Apache-2.0
// Reads a chain of cgroups from the kernel.
#pragma once

#include "weir/cgroup/io.h"
#include "weir/model/chain.h"

namespace weir {

/// Errors: Errc::not_found where `cgroup` does not exist.
Result<Chain> read_chain(CgroupIo& io, const CgroupPath& cgroup);

}  // namespace weir
