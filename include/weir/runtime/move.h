// SPDX-License-Identifier: Apache-2.0
// `weir move`: a container goes to another pool as a whole, or stays where it is as a whole.
#pragma once

#include <cstdint>
#include <string>

#include "weir/runtime/session.h"

namespace weir {

struct MoveRequest {
  std::string container;
  std::string to;        ///< the pool
  bool dry_run = false;  ///< checks and estimates only
  bool force = false;  ///< also where a pool has no room for it, or for the memory it leaves behind
};

struct MoveReport {
  std::string container, from, to;  ///< its name, and those of the pools
  CgroupPath path;                  ///< where it is now; of a dry run, where it would be
  std::size_t pids = 0;
  std::int64_t frozen_ms = 0;
  Bytes memory;       ///< that it held before
  Bytes left_behind;  ///< that stays charged to the old pool
  Bytes reclaimed;    ///< that the kernel took back on the way
};

/// Memory charges do not follow a process: what cannot be reclaimed stays in the old pool, and the
/// new cgroup's memory.max is the container's limit less that much. Errc::not_found, Errc::conflict
/// where it is there already, busy, or cannot be moved as a whole; Errc::no_capacity unless
/// `force`. On an error the container is where it was, unless the message says otherwise.
Result<MoveReport> move(Session& session, const MoveRequest& request);

/// The same for a container whose pool is not in the configuration any more. Nothing is booked
/// there for the memory it leaves behind, since the pool is to go.
Result<MoveReport> evict_container(Session& session, const CgroupPath& container,
                                   const std::string& to);

}  // namespace weir
