// SPDX-License-Identifier: Apache-2.0
// A diagnostic as a person reads it: the place, the line, a caret, a hint.
#pragma once

#include <string>

#include "weir/model/config.h"

namespace weir {

/// "FILE:LINE:COL: MESSAGE", the source line, a caret under the column, and "hint: ..." where
/// there is one; each line ends in a newline. A warning has "warning: " in front of its message.
/// Where the file has no such line (it is empty, or was too large to keep), line and caret are left
/// out. Safe for a terminal whatever the file contains.
std::string render(const Config& config, const Diagnostic& diagnostic);

}  // namespace weir
