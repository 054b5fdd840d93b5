// SPDX-License-Identifier: Apache-2.0
// Cgroups that a container runtime made in a pool by itself, or after weir-hook or weir-runtime
// sent it there, become containers; what a runtime changes on one later is taken over.
#pragma once

#include <optional>
#include <vector>

#include "weir/model/record.h"
#include "weir/runtime/session.h"

namespace weir {

struct Adopted {
  ContainerName name;
  std::size_t pool = 0;  ///< index into the tree
  CgroupPath path;
  std::optional<Error> over;  ///< the pool had no room for it; it runs all the same
};

struct AdoptionReport {
  std::vector<Adopted> adopted;
  std::size_t followed = 0;  ///< records that took over what a runtime changed
  [[nodiscard]] bool anything() const { return !adopted.empty() || followed > 0; }
};

/// Looks at every direct child of a pool's slice that is no slice: one with processes and without a
/// record gets its record, from its booking or from its files, and the files a container has. What
/// did not fit is also a warning of the session. The books must be locked.
Result<AdoptionReport> adopt(Session& session);

/// The limits of a container that a runtime made, as the runtime's own `update` left them, go into
/// its record. The books must be locked. Returns the new record where
/// anything was new.
Result<std::optional<ContainerRecord>> follow_runtime(Session& session, std::size_t pool,
                                                      const CgroupPath& path,
                                                      const ContainerRecord& record);

}  // namespace weir
