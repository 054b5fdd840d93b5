// SPDX-License-Identifier: Apache-2.0
// Stopping containers by the freezer so that several reasons can hold at once, and so that whoever
// comes after a crash knows what was weir's doing.
#pragma once

#include "weir/cgroup/io.h"
#include "weir/model/freeze_reasons.h"
#include "weir/runtime/session.h"

namespace weir {

/// Notes the reason, then freezes. A container that somebody else froze before stays so when the
/// last reason of weir's is gone. ENOENT or ENODEV in Error::sys: it has just ended.
Status freeze_for(CgroupIo& io, const CgroupPath& container, FreezeReason reason);

/// Takes the reason away, and thaws when no other is left. Nothing happens where the reason was not
/// given.
Status thaw_from(CgroupIo& io, const CgroupPath& container, FreezeReason reason);

/// The same for every container of the pools below `top`. Goes on after an error and reports the
/// first.
Status thaw_all_from(CgroupIo& io, const CgroupPath& top, FreezeReason reason);

/// The claim of a running `weir agent`, and what lies in its run directory while it may have frozen
/// something.
inline constexpr std::string_view agent_claim = "agent";

/// An agent that is about to take turns says so, for those who come after its death.
Status announce_turns(const RunDir& run_dir);

/// Thaws what an agent froze that is no more; only looks for one small file when there was none.
/// Called by the agent's guardian and by the next command, whichever comes first.
Status thaw_abandoned(CgroupIo& io, const RunDir& run_dir, const CgroupPath& top);

/// The same by the agent itself, which holds its claim: at its beginning and at its end.
Status thaw_own(CgroupIo& io, const RunDir& run_dir, const CgroupPath& top);

}  // namespace weir
