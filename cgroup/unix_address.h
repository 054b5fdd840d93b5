// SPDX-License-Identifier: Apache-2.0
// The address of a socket in the file system.
#pragma once

#include <string>
#include <sys/un.h>

#include "weir/base/result.h"

namespace weir {

/// Errc::usage where the path is too long for one (unix(7)).
Result<sockaddr_un> unix_address(const std::string& path);

}  // namespace weir
