// SPDX-License-Identifier: Apache-2.0
// One file as far as it can be read at all: after a syntax error the rest is still looked at.
#pragma once

#include <string_view>
#include <vector>

#include "report.h"
#include "toml_tree.h"

namespace weir::config {

struct Document {
  /// The file, then each [host] or [pool.X] that stands in it a second time, which TOML would
  /// refuse without a word about what it contains.
  std::vector<TomlNode> roots;
  bool complete = true;  ///< nothing had to be left out
};

Document load_document(std::string_view text, std::size_t file, Report& report);

}  // namespace weir::config
