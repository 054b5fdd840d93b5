// SPDX-License-Identifier: Apache-2.0
// All that an agent does, in the order in which it does it in each turn of its loop.
#pragma once

#include <memory>
#include <vector>

#include "weir/runtime/agent.h"
#include "weir/runtime/agent_part.h"

namespace weir {

std::vector<std::unique_ptr<AgentPart>> make_agent_parts(const AgentOptions& options);

}  // namespace weir
