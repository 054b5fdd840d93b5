// SPDX-License-Identifier: Apache-2.0
// A process that lives long gives up what it does not need once it has started.
#pragma once

#include <span>
#include <string_view>

#include "weir/base/result.h"
#include "weir/cgroup/seccomp.h"

namespace weir {

/// Gives up, for ever and for what it forks: every capability but `kept` (CAP_* numbers, of which
/// this process may have fewer), new privileges by executing, and the system calls that
/// `filter` traps. One of those ends the process with status 159 (128 + SIGSYS) after a line on
/// stderr that begins with `who` and names it. For a process with one thread.
Status confine(std::string_view who, std::span<const int> kept, const SeccompFilter& filter);

}  // namespace weir
