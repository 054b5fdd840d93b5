// SPDX-License-Identifier: Apache-2.0
// The record on a container's cgroup.
#pragma once

#include <optional>
#include <string>

#include "weir/cgroup/io.h"
#include "weir/model/record.h"

namespace weir {

/// As it stands there; nothing where nothing does, or the cgroup is gone.
Result<std::optional<std::string>> read_record_text(CgroupIo& io, const CgroupPath& container);

/// Understood; one that cannot be is nobody's, as observe() sees it.
Result<std::optional<ContainerRecord>> read_record(CgroupIo& io, const CgroupPath& container);

Status set_record(CgroupIo& io, const CgroupPath& container, const ContainerRecord& record);

}  // namespace weir
