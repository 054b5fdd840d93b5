// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weir/base/result.h"

#include "arguments.h"

namespace weir::cli {

Result<int> rebalance_command(const Arguments& args);

}  // namespace weir::cli
