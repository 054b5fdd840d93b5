// SPDX-License-Identifier: Apache-2.0
// One rate of one disk as a tree to divide.
#pragma once

#include <vector>

#include "weir/model/pool.h"
#include "weir/policy/fair.h"

namespace weir {

/// Indexed as tree.pools.
std::vector<FairNode> io_nodes(const PoolTree& tree, std::size_t disk, IoRate rate);

/// A rate below this stalls whoever does a single request for seconds.
std::int64_t least_io_entitlement(IoRate rate);

}  // namespace weir
