// SPDX-License-Identifier: Apache-2.0
// Flags of `weir hook`.
#pragma once

#include "arguments.h"

namespace CLI {
class App;
}

namespace weir::cli {

/// `hook` with its stages, `install` and `uninstall`. They leave their name in `args.command`.
void add_hook_commands(CLI::App& parent, Arguments& args);

}  // namespace weir::cli
