// SPDX-License-Identifier: Apache-2.0
// The machine itself, from /proc and /sys, before any cgroup narrows it.
#pragma once

#include "weir/cgroup/host_reader.h"

namespace weir {

/// Fills CPUs, memory, swap, the task limit, NUMA nodes, disks and the kernel's release.
Status read_hardware(const HostRoots& roots, Host& host);

}  // namespace weir
