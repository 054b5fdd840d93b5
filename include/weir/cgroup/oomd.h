// SPDX-License-Identifier: Apache-2.0
// What systemd-oomd was told to kill for.
#pragma once

#include <string>
#include <vector>

#include "weir/base/result.h"

namespace weir {

struct OomdRule {
  std::string unit, property;  ///< the property (systemd.resource-control(5)) is "kill"
};

/// The rules of those of `slices` (unit names) that have any.
Result<std::vector<OomdRule>> oomd_rules(const std::vector<std::string>& slices);

}  // namespace weir
