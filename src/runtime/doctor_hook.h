// SPDX-License-Identifier: Apache-2.0
// Whether podman calls the hooks that were installed for it, as weir needs.
#pragma once

#include "weir/model/config.h"
#include "weir/runtime/doctor.h"

namespace weir {

/// Nothing where no hook of weir's is installed. `spec` is [hook] of the configuration,
/// `install` the command that installs hooks where podman looks by itself.
std::vector<Finding> hook_findings(const Options& options, const HookSpec& spec,
                                   const std::string& install);

}  // namespace weir
