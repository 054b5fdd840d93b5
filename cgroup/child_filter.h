// SPDX-License-Identifier: Apache-2.0
// Loading a system call filter as the last thing a child does. Only system calls.
#pragma once

#include "weir/cgroup/seccomp.h"

namespace weir {

/// Before the user is changed: keeps CAP_SYS_ADMIN permitted across it. False where this process
/// does not have it.
bool keep_filter_right(bool user_changes);

/// 0 or an errno. The right that was kept ends with the exec that follows: an unprivileged user's
/// program starts without capabilities (capabilities(7)).
int load_filter(const SeccompFilter& filter, bool has_right);

}  // namespace weir
