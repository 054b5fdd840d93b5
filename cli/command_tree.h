// SPDX-License-Identifier: Apache-2.0
// What commands, flags and operands there are, as plain values: read off the parser itself, so that
// whatever is made from it cannot fall behind.
#pragma once

#include <string>
#include <vector>

namespace weir::cli {

/// `value` says what may stand there: words in capitals name a kind (POOL, FILE, SIZE), others
/// stand for themselves, | is between alternatives ("POOL|kill"). Empty: a flag that takes no
/// value.
struct FlagNode {
  std::vector<std::string> names;  ///< "-h", "--help"
  std::string value, help;
  bool optional_value = false;  ///< "--wait" or "--wait=DURATION", never "--wait DURATION"
};

struct OperandNode {
  std::string name, value, help;
  bool repeats = false;
};

struct CommandNode {
  std::string name, help;
  std::vector<FlagNode> flags;
  std::vector<OperandNode> operands;
  std::vector<CommandNode> commands;
  bool runs_a_program = false;  ///< another command line follows
};

/// Everything a user may type; hidden commands are left out. The flags of the root are understood
/// by every command.
CommandNode describe_commands();

}  // namespace weir::cli
