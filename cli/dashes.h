// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace weir::cli {

/// argv before "--" and what stands behind it, which is the user's and not ours to read.
struct Split {
  std::vector<std::string> ours, theirs;
  bool dashes = false;
};

Split split_at_dashes(int argc, const char* const* argv);

}  // namespace weir::cli
