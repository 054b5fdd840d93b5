// SPDX-License-Identifier: Apache-2.0
// What ps and status are where an agent serves this user.
#pragma once

#include "weir/base/result.h"

#include "arguments.h"

namespace weir::cli {

Result<int> own_ps_command(const Arguments& args);
Result<int> own_status_command(const Arguments& args);

}  // namespace weir::cli
