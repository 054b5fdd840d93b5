// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.h"

namespace CLI {
class App;
}

namespace weir::cli {

/// `queue` and `queue cancel`.
void add_queue_commands(CLI::App& app, Arguments& args);

}  // namespace weir::cli
