// SPDX-License-Identifier: Apache-2.0
// What /proc says about processes.
#pragma once

#include <cstddef>
#include <vector>

namespace weir {

/// How many of `pids` (or thread ids) are of user space: no kernel threads, no zombies, and not
/// weir itself, which waits for its containers.
std::size_t count_user_processes(const std::vector<int>& pids);

}  // namespace weir
