// SPDX-License-Identifier: Apache-2.0
// What else on a systemd host acts on weir's pools.
#pragma once

#include "weir/runtime/doctor.h"
#include "weir/runtime/session.h"

namespace weir {

/// `apply` is the command that applies the configuration at hand.
std::vector<Finding> systemd_findings(Session& session, const std::string& apply);

}  // namespace weir
