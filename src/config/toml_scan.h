// SPDX-License-Identifier: Apache-2.0
// A look at a TOML text before the library reads it: how deep it nests, where statements begin,
// and what toml++ 3.3 answers with undefined behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weir::config {

/// Tables, arrays and dotted keys together. weir.toml needs six; the library's own limit does not
/// count dotted keys, and a long enough one overflows the stack.
inline constexpr std::size_t max_toml_depth = 32;

/// A header or a "key = value", with the line it begins at. It ends where the next one begins.
struct Statement {
  std::size_t begin = 0;  ///< byte offset of the begin of its first line
  std::uint32_t line = 1;
  bool header = false;
  std::optional<std::size_t> unclosed;  ///< byte offset of a bracket still open at its end
};

struct TomlScan {
  std::vector<Statement> statements;  ///< one for each line that is not inside another's value
  /// Byte offset of a character outside ASCII that is neither quoted nor in a comment, or follows
  /// the backslash at a line's end: no TOML, and the library's table of blanks is undefined for it
  /// (its issues 190 and 295).
  std::optional<std::size_t> stray;
  std::optional<std::size_t> too_deep;  ///< byte offset where max_toml_depth is exceeded
};

TomlScan scan_toml(std::string_view text);

}  // namespace weir::config
