// SPDX-License-Identifier: Apache-2.0
// Disks divided among pools (docs/allocator.md 2.5, io).
#pragma once

#include <vector>

#include "weir/model/block.h"
#include "weir/model/pool.h"

namespace weir {

/// Whether the disk's capability is divided: some pool has shares or a reservation on it. Then
/// every pool takes part, one without an entry with the pool's own shares.
bool is_divided(const PoolTree& tree, std::size_t disk);

/// io.max of every pool, indexed as tree.pools. On a divided disk each declared rate is the pool's
/// saturated entitlement of it, never below one page and two operations a second unless the pool's
/// own limit is; everywhere else it is the pool's limit.
std::vector<IoMax> io_limits(const PoolTree& tree);

}  // namespace weir
