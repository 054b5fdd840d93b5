// SPDX-License-Identifier: Apache-2.0
// A TOML document as plain values with their places, so that one unit alone knows the library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"
#include "weir/model/config.h"

namespace weir::config {

enum class TomlKind { boolean, integer, real, string, datetime, array, table };

struct TomlEntry;

/// One value. Only the member that `kind` names has a meaning.
struct TomlNode {
  SourcePos at;
  TomlKind kind = TomlKind::table;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string string;              ///< also of a datetime, as it was written
  std::vector<TomlNode> items;     ///< of an array
  std::vector<TomlEntry> entries;  ///< of a table, in the order of the file
};

struct TomlEntry {
  std::string key;
  SourcePos at;  ///< of the key; of its first mention where several headers name a table
  TomlNode value;
};

/// Where and why the library gave up.
struct TomlFault {
  SourcePos at;
  std::string what;
};

struct TomlOutcome {
  TomlNode root;
  std::optional<TomlFault> fault;
};

/// `text` must be valid UTF-8 and have passed scan_toml(): the library recurses as deep as keys are
/// dotted. `file` becomes SourcePos::file.
TomlOutcome parse_toml(std::string_view text, std::size_t file);

/// A whole text that need not be told mistake by mistake: without what would make the library
/// overflow the stack. The error has `blame` for its code.
Result<TomlNode> read_toml(std::string_view text, Errc blame);

}  // namespace weir::config
