// SPDX-License-Identifier: Apache-2.0
// What the completion scripts of all shells have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command_tree.h"

namespace weir::cli {

/// Something that may be offered where a value stands.
struct Choice {
  enum class Kind { word, pools, containers, files, directories, users };
  Kind kind = Kind::word;
  std::string word;
};

/// The choices of a value such as "POOL|kill"; none where a shell has nothing to offer ("SIZE").
std::vector<Choice> choices_of(std::string_view value);

/// One command with its whole name, "pool show"; "" is weir itself.
struct FlatCommand {
  std::string name;
  const CommandNode* node;
  std::vector<const FlagNode*> flags;  ///< its own, then those of weir itself
};

/// weir itself first, parents before children.
std::vector<FlatCommand> flatten(const CommandNode& root);

/// In single quotes for a shell of the Bourne family.
std::string quoted_for_sh(std::string_view text);

}  // namespace weir::cli
