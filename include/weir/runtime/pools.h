// SPDX-License-Identifier: Apache-2.0
// `weir pool create`, `set` and `remove`: edits of weir.d/NAME.toml that fail without a trace.
#pragma once

#include <string>
#include <vector>

#include "weir/config/edit.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/session.h"

namespace weir {

struct PoolEdit {
  std::string file;    ///< what was written or removed
  ApplyReport report;  ///< what the kernel was told
};

/// A new pool. Errc::conflict with its place where the name is taken.
Result<PoolEdit> create_pool(const Options& options, const std::string& name,
                             const std::vector<KeyValue>& settings);

/// Changes keys of a pool. Errc::conflict with its place where another file than weir.d/NAME.toml
/// defines it; Errc::failed, and everything as before, where a new limit is below what is in use.
Result<PoolEdit> set_pool(const Options& options, const std::string& name,
                          const std::vector<KeyValue>& settings);

/// Errc::conflict while it has child pools, or containers and `evict` says no.
Result<PoolEdit> remove_pool(const Options& options, const std::string& name, const Evict& evict);

}  // namespace weir
