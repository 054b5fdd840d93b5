// SPDX-License-Identifier: Apache-2.0
// Where the files of a systemd scope are that count.
#pragma once

#include <array>
#include <string_view>

#include "weir/cgroup/fs.h"
#include "weir/model/kernel_files.h"

namespace weir {

/// Looks at the tree with every call; `files` must outlive it.
class ScopeLayout {
 public:
  /// Where a scope's processes live. systemd leaves a delegated child alone, and resets
  /// memory.oom.group of the scope itself whenever it touches its memory (kernel-notes). crun uses
  /// the same name.
  static constexpr std::string_view inner_name = "container";
  /// What a runtime sets of its own accord and on `update`.
  static constexpr std::array limits_of_runtimes{file::cpu_max, file::memory_max,
                                                 file::memory_swap_max};

  explicit ScopeLayout(CgroupFs& files) : files_(files) {}

  /// The child of a scope that holds its processes; any other cgroup is its own.
  [[nodiscard]] CgroupPath inner(const CgroupPath& cgroup) const;

  /// crun keeps a container's limits in the child, too, of which systemd knows nothing; weir's own
  /// child has no cpu controller.
  [[nodiscard]] bool has_limits_inside(const CgroupPath& cgroup) const;

  /// The cgroup whose file counts.
  [[nodiscard]] CgroupPath home(const CgroupPath& cgroup, std::string_view name) const;

 private:
  CgroupFs& files_;
};

}  // namespace weir
