// SPDX-License-Identifier: Apache-2.0
// Where the agent and those who ask it meet.
#pragma once

#include <string>

#include "weir/runtime/session.h"

namespace weir {

inline std::string agent_socket(const Options& options) { return options.run_dir + "/agent.sock"; }

}  // namespace weir
