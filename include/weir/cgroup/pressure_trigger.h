// SPDX-License-Identifier: Apache-2.0
// To be woken when tasks of a cgroup wait (Documentation/accounting/psi.rst).
#pragma once

#include <chrono>
#include <string_view>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

/// A descriptor that poll(2) finds ready with POLLPRI when some task waited for `stall` in all
/// within any `window` (500 ms to 10 s): at most once a window. `directory` is the cgroup's, `file`
/// one of its PSI files. EOPNOTSUPP where the kernel keeps no PSI.
Result<UniqueFd> watch_pressure(const UniqueFd& directory, std::string_view file,
                                std::chrono::milliseconds stall, std::chrono::milliseconds window);

}  // namespace weir
