// SPDX-License-Identifier: Apache-2.0
// What ps, status and queue are where an agent serves this user.
#pragma once

#include "weir/base/result.h"
#include "weir/model/pool.h"

#include "arguments.h"

namespace weir::cli {

/// The pools of the configuration, without a look at the kernel.
Result<PoolTree> configured_tree(const Arguments& args);
Result<int> own_ps_command(const Arguments& args);
Result<int> own_status_command(const Arguments& args);

}  // namespace weir::cli
