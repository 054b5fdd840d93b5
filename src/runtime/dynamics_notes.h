// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "weir/policy/desired.h"
#include "weir/runtime/dynamic.h"

namespace weir {

inline const std::string dynamics_folder = "dynamic";

/// Puts what dynamic allocation decided in the place of what the file alone says, so that it is no
/// drift.
void overlay_dynamics(const Session& session, DesiredTree& desired);

}  // namespace weir
