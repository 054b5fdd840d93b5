// SPDX-License-Identifier: Apache-2.0
// What becomes of frozen containers when the agent dies: a watchman outside its cgroup thaws them.
#pragma once

#include "weir/cgroup/watchman.h"
#include "weir/runtime/session.h"

namespace weir {

/// Starts the watchman and puts it where it survives when the agent's whole cgroup is killed.
/// `complaint` is filled in where that could not be done: it watches all the same.
Result<Watchman> start_watchman(Session& session, const Options& options, std::string& complaint);

/// Removes the cgroup of a watchman that is gone, where it had one that stays.
void remove_watchman_home(Session& session);

}  // namespace weir
