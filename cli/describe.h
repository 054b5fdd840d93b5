// SPDX-License-Identifier: Apache-2.0
// A parser read off as plain values.
#pragma once

#include "command_tree.h"

namespace CLI {
class App;
}

namespace weir::cli {

CommandNode describe(CLI::App& app);

}  // namespace weir::cli
