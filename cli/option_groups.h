// SPDX-License-Identifier: Apache-2.0
// Flags of commands, group by group.
#pragma once

#include <functional>
#include <string>

#include "arguments.h"

namespace CLI {
class App;
}

namespace weir::cli {

/// Makes the subcommand `name`, told what it does and given an example.
using CommandMaker = std::function<CLI::App*(const std::string& name, const std::string& what,
                                             const std::string& example)>;

/// Those that look at a running tree.
void add_live_commands(const CommandMaker& command, Arguments& args);

void add_agent_command(const CommandMaker& command, Arguments& args);

void add_simulate_command(const CommandMaker& command, Arguments& args);

}  // namespace weir::cli
