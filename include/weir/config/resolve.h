// SPDX-License-Identifier: Apache-2.0
// From what was written to what it means on one host: absolute numbers, paths, and sums that fit.
#pragma once

#include <vector>

#include "weir/config/parse.h"
#include "weir/model/config.h"
#include "weir/model/host.h"
#include "weir/model/pool.h"

namespace weir {

struct ResolveOutcome {
  PoolTree tree;                        ///< only to be acted upon when ok()
  std::vector<Diagnostic> diagnostics;  ///< by file, line and column

  /// No diagnostic is more than a warning.
  [[nodiscard]] bool ok() const;
};

/// `capacity` is what capacity_of() gives for `host` and config.host.reserve. Percentages become
/// numbers of the parent's same value, memory whole pages. Of `host` only the online CPUs are read.
/// A configuration that parse_config found mistakes in may be given as well: what it could not read
/// is left out, and nothing is reported a second time.
ResolveOutcome resolve_pools(const Config& config, const Capacity& capacity, const Host& host);

/// Everything there is to say about a configuration on one host, in one list: what parse_config
/// found, a reserve that leaves nothing, what resolve_pools finds.
ResolveOutcome check_config(const ParseOutcome& parsed, const Host& host);

}  // namespace weir
