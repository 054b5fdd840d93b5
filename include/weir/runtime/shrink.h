// SPDX-License-Identifier: Apache-2.0
// Memory limits that are to fall below what is in use: made possible first, without the books.
#pragma once

#include <vector>

#include "weir/model/observed.h"
#include "weir/policy/desired.h"
#include "weir/runtime/session.h"

namespace weir {

/// A memory.max that is to fall, and that reclaim can make room for.
struct Shrink {
  CgroupPath cgroup;
  Bytes limit;
};

/// To the planner, what reclaim can take back is not in use: lowers memory_current of `observed`
/// where a limit of `desired` is below it. Returns what has to be taken back before it is written.
std::vector<Shrink> allow_for_reclaim(CgroupIo& io, const DesiredTree& desired,
                                      ObservedTree& observed);

/// Takes it back, each under a claim. That may take seconds: the books must not be locked. What
/// could not be had is found out when the limit is written (cgroup/shrink.h).
void make_room(Session& session, const std::vector<Shrink>& shrinks);

}  // namespace weir
