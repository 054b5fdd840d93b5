// SPDX-License-Identifier: Apache-2.0
// plan, apply, verify, teardown: the kernel and the file brought together, or shown apart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/cgroup/executor.h"
#include "weir/model/plan.h"
#include "weir/runtime/session.h"

namespace weir {

/// What apply would do. Reads only, except that containers that ended unwatched are reclaimed.
Result<Plan> plan(Session& session);

/// What becomes of containers in a pool that left the file.
struct Evict {
  enum class Way { no, kill, move };
  Way way = Way::no;
  std::string to{};  ///< move: the pool they go to
  static const Evict no, kill;
};
inline const Evict Evict::no{};
inline const Evict Evict::kill{Evict::Way::kill};

struct ApplyReport {
  Plan plan;             ///< as executed; `blocked` also has what was found out on the way
  std::size_t done = 0;  ///< changes made
};

/// Makes the kernel match. Errc::conflict before the first write where a pool with containers would
/// go away. Blocked limits are left alone and reported, the rest is done.
Result<ApplyReport> apply(Session& session, const Evict& evict);

/// One difference between file and kernel.
struct Drift {
  CgroupPath cgroup;
  std::string file;  ///< empty: the cgroup itself
  std::string wanted;
  std::optional<std::string> kernel;   ///< absent: no such cgroup or file
  std::optional<std::string> systemd;  ///< what it would write; absent where it does not manage it
  bool repaired = false;
};
Result<std::vector<Drift>> verify(Session& session, bool repair);

struct TeardownReport {
  std::size_t removed = 0;        ///< cgroups
  std::size_t killed = 0;         ///< containers
  std::vector<std::string> kept;  ///< controllers left on because others use them
};
/// Errc::conflict while containers run (unless `kill`) or while somebody else's cgroups lie in the
/// tree.
Result<TeardownReport> teardown(Session& session, bool kill);

}  // namespace weir
