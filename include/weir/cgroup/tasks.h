// SPDX-License-Identifier: Apache-2.0
// What /proc says about processes.
#pragma once

#include <cstddef>
#include <vector>

namespace weir {

/// How many of `pids` are processes of user space: no kernel threads, no zombies, not this process.
std::size_t count_user_processes(const std::vector<int>& pids);

}  // namespace weir
