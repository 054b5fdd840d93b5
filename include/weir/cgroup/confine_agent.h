// SPDX-License-Identifier: Apache-2.0
// What the agent gives up once it has started.
#pragma once

#include "weir/base/result.h"

namespace weir {

/// From here on this process, the agent, and what it forks can do what its work needs and nothing
/// else: it neither executes programs nor traces, mounts, loads modules or speaks to a network. A
/// system call that it should not make ends it with status 159 (128 + SIGSYS), named on stderr.
Status confine_agent();

}  // namespace weir
