// SPDX-License-Identifier: Apache-2.0
// One number out of a cgroup.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "weir/cgroup/io.h"

namespace weir {

/// The number that `file` consists of; nothing where it is another text ("max") or cannot be read.
std::optional<std::int64_t> count_in(CgroupIo& io, const CgroupPath& cgroup, std::string_view file);

}  // namespace weir
