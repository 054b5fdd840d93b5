// SPDX-License-Identifier: Apache-2.0
// Changing one key in a TOML text without touching its other lines.
#pragma once

#include <string>

#include "toml_write.h"

namespace weir::config {

/// Makes `text` say what `wanted` says at `key` (or no longer say anything, where it does not),
/// by changing, removing or adding as few lines as it can below `section`. The caller checks what
/// came out: a text written in an unusual way may come out wrong.
void edit_lines(std::string& text, const KeyPath& section, const KeyPath& key,
                const TomlNode& wanted);

/// The value at `path`, or null.
const TomlNode* find_value(const TomlNode& root, const KeyPath& path);

}  // namespace weir::config
