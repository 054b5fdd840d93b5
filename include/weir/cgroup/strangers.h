// SPDX-License-Identifier: Apache-2.0
// Containers of other programs that no pool holds.
#pragma once

#include <optional>
#include <vector>

#include "weir/base/units.h"
#include "weir/cgroup/io.h"

namespace weir {

struct Stranger {
  CgroupPath cgroup;
  std::string manager;          ///< "docker manages it"
  std::int64_t tasks = 0;       ///< of itself alone where the pids controller does not count
  std::optional<Bytes> memory;  ///< nothing where the memory controller does not count
};

/// Populated cgroups outside `top` whose names say that a container runtime made them. The
/// outermost such cgroup is listed, not its parts.
Result<std::vector<Stranger>> find_strangers(CgroupIo& io, const CgroupPath& top);

}  // namespace weir
