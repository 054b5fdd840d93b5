// SPDX-License-Identifier: Apache-2.0
// From the texts of weir.toml and weir.d to a Config, with every mistake found on the way.
#pragma once

#include <vector>

#include "weir/model/config.h"

namespace weir {

/// No configuration file may be larger; parse_config refuses what is.
inline constexpr std::size_t max_config_bytes = std::size_t{1} << 20;

struct ParseOutcome {
  Config config;                        ///< what could be read; only to be acted upon when ok()
  std::vector<Diagnostic> diagnostics;  ///< by file, line and column

  /// No diagnostic is more than a warning.
  [[nodiscard]] bool ok() const;
};

/// Reads all `files` (weir.toml first, then weir.d in name order), checks every key, and checks
/// what pools say of each other as far as that needs no host. A mistake in one file hides none in
/// another. Opens no file: paths are only for messages. Config::files takes the texts.
ParseOutcome parse_config(std::vector<SourceFile> files);

}  // namespace weir
