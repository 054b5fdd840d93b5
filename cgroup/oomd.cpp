// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/oomd.h"

#include "systemd_bus.h"

namespace weir {

Result<std::vector<OomdRule>> oomd_rules(const std::vector<std::string>& slices) {
  WEIR_TRY(auto bus, SystemdBus::make());
  std::vector<OomdRule> out;
  for (const auto& slice : slices)
    for (const char* property : {"ManagedOOMSwap", "ManagedOOMMemoryPressure"})
      if (bus.text_of_slice(slice, property) == "kill") out.push_back({slice, property});
  return out;
}

}  // namespace weir
