// SPDX-License-Identifier: Apache-2.0
// The order in which the changes of a plan are safe.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "weir/model/plan.h"

namespace weir {

/// Where something is lowered: the parent of the cgroup, and the file.
using Shrinking = std::set<std::pair<std::string, std::string>>;

void sort_changes(std::vector<Change>& changes, const Shrinking& shrinking);

}  // namespace weir
