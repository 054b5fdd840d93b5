// SPDX-License-Identifier: Apache-2.0
// Values and keys as TOML text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"

#include "toml_tree.h"

namespace weir::config {

/// A dotted key, taken apart.
using KeyPath = std::vector<std::string>;

/// `memory.limit`, `match.annotation."org.example.team"`. Errc::usage where it is no dotted key.
Result<KeyPath> parse_key(std::string_view text);
/// The same, with quotes where a part needs them.
std::string write_key(const KeyPath& path);

/// On one line: tables as { a = 1 }, strings escaped.
std::string write_value(const TomlNode& value);

/// A whole document: a [header] for each table that holds values at its top two levels, dotted keys
/// below.
std::string write_document(const TomlNode& root);

/// The same values under the same keys; order and places do not count.
bool same_values(const TomlNode& a, const TomlNode& b);

}  // namespace weir::config
