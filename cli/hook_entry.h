// SPDX-License-Identifier: Apache-2.0
// The command line of weir-hook, which `weir hook STAGE` shares.
#pragma once

#include <string>
#include <vector>

#include "weir/runtime/hook.h"

namespace weir::cli {

/// `words` is what stands behind the program's name. Returns the exit status.
int hook_entry(const std::vector<std::string>& words);

/// One stage with these options: reply told, exit status returned.
int answer_hook(HookStage stage, const HookOptions& options);

}  // namespace weir::cli
