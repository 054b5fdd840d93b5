// SPDX-License-Identifier: Apache-2.0
// What a container gets: what was asked for, and the pool's defaults for the rest.
#pragma once

#include "weir/model/pool.h"
#include "weir/model/record.h"
#include "weir/runtime/run.h"

namespace weir {

/// What a request asks for, and nothing else.
ContainerRecord asked_record(const RunRequest& request, ContainerName name);

/// `asked` has what somebody asked for and nothing else. Errc::usage where a request is above its
/// limit.
Result<ContainerRecord> with_defaults(ContainerRecord asked, const Pool& pool);

}  // namespace weir
