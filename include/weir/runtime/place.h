// SPDX-License-Identifier: Apache-2.0
// `weir place` and `weir release`: running processes become a container, a container is given up.
#pragma once

#include <string>
#include <vector>

#include "weir/cgroup/take.h"
#include "weir/runtime/session.h"

namespace weir {

struct PlaceRequest {
  std::string pool;
  std::string name;
  std::vector<int> pids;
  bool force = false;  ///< also processes of a service or of another manager
};

struct PlaceReport {
  CgroupPath path;
  TakeReport processes;
};

/// Takes the processes and all their descendants into a new container. Errc::not_found where a pid
/// has no process, Errc::conflict where one belongs to somebody else. When some could not be taken,
/// the report names them. On an error everything is back where it was.
Result<PlaceReport> place(Session& session, const PlaceRequest& request);

struct ReleaseReport {
  CgroupPath path;
  bool killed = false;
};

/// Removes a container's cgroup and with it its allocation. Errc::conflict while processes are in
/// it, unless `kill`.
Result<ReleaseReport> release(Session& session, const std::string& name, bool kill);

}  // namespace weir
