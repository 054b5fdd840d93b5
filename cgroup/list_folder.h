// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "weir/base/result.h"

namespace weir {

/// Names in an open folder, sorted; those that start with a dot are left out. Reads it from its
/// beginning: nobody else may be reading from the same descriptor. The number of the system call
/// that failed comes back in Error::sys.
Result<std::vector<std::string>> list_folder(int fd);

}  // namespace weir
