// SPDX-License-Identifier: Apache-2.0
// Scripts that complete weir's command line in a shell.
#pragma once

#include <string>

#include "command_tree.h"

namespace weir::cli {

std::string bash_completion(const CommandNode& root);
std::string zsh_completion(const CommandNode& root);
std::string fish_completion(const CommandNode& root);

}  // namespace weir::cli
