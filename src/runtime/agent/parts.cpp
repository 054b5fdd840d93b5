// SPDX-License-Identifier: Apache-2.0
#include "agent/parts.h"

#include "agent/adoption_part.h"
#include "agent/dynamic_part.h"
#include "agent/requests_part.h"
#include "agent/turns_part.h"
#include "agent_paths.h"

namespace weir {

std::vector<std::unique_ptr<AgentPart>> make_agent_parts(const AgentOptions& options) {
  std::vector<std::unique_ptr<AgentPart>> parts;
  parts.push_back(std::make_unique<TurnsPart>());
  parts.push_back(std::make_unique<AdoptionPart>());
  parts.push_back(std::make_unique<DynamicPart>(options.interval, options.metrics_file));
  parts.push_back(std::make_unique<RequestsPart>(agent_socket(options.options)));
  return parts;
}

}  // namespace weir
