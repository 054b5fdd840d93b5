// SPDX-License-Identifier: Apache-2.0
// Names for a shell to offer: quick, without privilege, and never an error.
#pragma once

#include <string>
#include <vector>

#include "weir/runtime/session.h"

namespace weir {

/// Pools of the configuration in file order, then those that only the kernel still has.
std::vector<std::string> suggest_pools(const Options& options);

/// Containers in the pools.
std::vector<std::string> suggest_containers(const Options& options);

}  // namespace weir
