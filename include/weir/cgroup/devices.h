// SPDX-License-Identifier: Apache-2.0
// From a path to the block device that its io limits are set on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "weir/base/result.h"
#include "weir/cgroup/host_reader.h"
#include "weir/model/block.h"

namespace weir {

/// What statx(2) says of a path.
struct PathFacts {
  bool is_block_node = false;
  DeviceNumber device;         ///< the node's own number, else that of the file system it lies on
  std::uint64_t mount_id = 0;  ///< the first field of its line in mountinfo
};
/// Recorded trees answer from their own list.
using PathProbe = std::function<Result<PathFacts>(const std::string& path)>;

/// Follows symbolic links. Errc::not_found where there is nothing.
Result<PathFacts> probe_path(const std::string& path);

/// The device that carries the limits of `path`: through the file system (a btrfs or an overlay has
/// no number of its own), partition and device mapper down to the one disk below. io.max holds
/// there for what comes through the layers above, and refuses partitions. A device that spreads
/// over several disks (md, LVM over two) carries the limit itself, and so does a loop device: its
/// file's disk does not see who wrote (docs/kernel-notes.md). Errc::unsupported where there is no
/// disk below (tmpfs, nfs), with the reason.
Result<Carrier> find_carrier(const std::string& path, const HostRoots& roots,
                             const PathProbe& probe = probe_path);

}  // namespace weir
