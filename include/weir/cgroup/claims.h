// SPDX-License-Identifier: Apache-2.0
// More about claims (run_dir.h): waiting for one, and asking without taking it.
#pragma once

#include <chrono>
#include <string_view>

#include "weir/cgroup/run_dir.h"

namespace weir {

/// For work that is short: waits for it. Errc::conflict when it lasted longer than `patience`.
Result<FileLock> claim_soon(const RunDir& run_dir, std::string_view work,
                            std::chrono::milliseconds patience);

/// Whether somebody is at it; this very process counts. Takes the claim for a moment where nobody
/// is, so that others should use claim_soon().
bool is_claimed(const RunDir& run_dir, std::string_view work);

}  // namespace weir
