// SPDX-License-Identifier: Apache-2.0
// Reads what a host has: from the running system, or from a tree recorded on another machine.
#pragma once

#include <optional>
#include <string>

#include "weir/base/result.h"
#include "weir/model/host.h"

namespace weir {

/// Where to look. Recorded trees put their own folders here.
struct HostRoots {
  std::string proc = "/proc";
  std::string sys = "/sys";
  std::string run = "/run";
  /// --cgroup-root; absent: where cgroup2 is mounted.
  std::optional<std::string> cgroup_root;
  /// Recorded trees are no cgroup2 file system.
  bool verify_cgroup2 = true;
  /// NUMA nodes and disks, too; only who shows the host to somebody wants them.
  bool inventory = true;
};

/// CPUs, memory, swap, NUMA nodes, disks and the cgroup2 mount. Inside a container or a delegated
/// tree the limits of the cgroups from the root up to the mount count, where they give less than
/// the machine. A missing cgroup2 mount is no error (Host::cgroup stays empty); an unreadable /proc
/// is.
Result<Host> read_host(const HostRoots& roots);

}  // namespace weir
