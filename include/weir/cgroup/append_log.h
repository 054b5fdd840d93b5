// SPDX-License-Identifier: Apache-2.0
// A log file that several processes append to.
#pragma once

#include <string>

#include "weir/base/result.h"

namespace weir {

/// Of a line with its end: what one write(2) appends whole.
inline constexpr std::size_t longest_log_line = 4096;

/// Appends `line` and a line end to `path` by one write(2). The file (0640) and its folder are made
/// when they are missing; a link, or anything but a regular file, is refused.
Status append_line(const std::string& path, std::string line);

}  // namespace weir
