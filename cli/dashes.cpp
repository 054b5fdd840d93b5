// SPDX-License-Identifier: Apache-2.0
#include "dashes.h"

namespace weir::cli {

Split split_at_dashes(int argc, const char* const* argv) {
  Split out;
  for (int i = 1; i < argc; ++i) {
    std::string word{argv[i]};
    if (!out.dashes && word == "--") {
      out.dashes = true;
      continue;
    }
    (out.dashes ? out.theirs : out.ours).push_back(std::move(word));
  }
  return out;
}

}  // namespace weir::cli
