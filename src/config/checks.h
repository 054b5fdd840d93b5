// SPDX-License-Identifier: Apache-2.0
// What pools say of each other, as far as that needs no host.
#pragma once

#include <set>
#include <string>

#include "pool_index.h"
#include "report.h"

namespace weir::config {

/// What the files name but could not be read; asking for it is no second mistake.
struct Missing {
  std::set<std::string, std::less<>> names;
  bool anything = false;  ///< a part of a file was skipped: any name may have stood there

  [[nodiscard]] bool explains(std::string_view name) const {
    return anything || names.find(name) != names.end();
  }
};

/// Unknown parents, cycles, depth.
void check_parents(const Config& config, const PoolIndex& index, const Missing& missing,
                   Report& report);
/// What only pools with, or only pools without children may say; default_pool and spill.
void check_leaves(const Config& config, const PoolIndex& index, const Missing& missing,
                  Report& report);
/// Defaults of containers against themselves and the pool.
void check_containers(const Config& config, Report& report);
/// Siblings whose shares are too far apart for the kernel's weights.
void check_shares(const Config& config, const PoolIndex& index, Report& report);
/// Shares and reservations of disks against what is declared of them.
void check_io(const Config& config, const PoolIndex& index, Report& report);

}  // namespace weir::config
