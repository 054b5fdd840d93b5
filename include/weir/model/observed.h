// SPDX-License-Identifier: Apache-2.0
// The cgroup tree as the kernel has it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weir/model/names.h"
#include "weir/model/record.h"

namespace weir {

using FileValues = std::map<std::string, std::string, std::less<>>;

enum class CgroupKind {
  top,        ///< the slice that holds all pools
  pool,       ///< a slice with weir's record
  container,  ///< a leaf in a pool's slice with weir's record
  foreign,    ///< not weir's: reported, never touched
};

struct ObservedCgroup {
  CgroupPath path;
  CgroupKind kind = CgroupKind::foreign;
  FileValues managed;  ///< what systemd has for the same files, where it manages the cgroup
  FileValues files;    ///< trimmed; only those weir sets and the kernel has
  std::vector<std::string> subtree_control;  ///< controllers enabled for its children
  std::int64_t memory_current = 0;
  std::int64_t pids_current = 0;
  bool populated = false;
  bool frozen = false;
  std::optional<PoolRecord> pool;
  std::optional<ContainerRecord> container;
};

/// Parents before children. Empty where the top slice does not exist.
struct ObservedTree {
  std::vector<ObservedCgroup> cgroups;
  std::vector<std::string> mount_subtree_control;  ///< of the cgroup above the top slice

  [[nodiscard]] const ObservedCgroup* find(const CgroupPath& path) const;
};

}  // namespace weir
