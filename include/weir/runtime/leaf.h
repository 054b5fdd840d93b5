// SPDX-License-Identifier: Apache-2.0
// Making a container's cgroup: what `run` and `place` have in common.
#pragma once

#include "weir/model/record.h"
#include "weir/runtime/journal.h"
#include "weir/runtime/session.h"

namespace weir {

/// Errc::not_found where the pool's slice is not there, Errc::failed where it is only half made.
Status check_pool_is_applied(Session& session, const Pool& pool);

/// A name may be in use in any pool; the empty cgroup of a container that ended unwatched is
/// removed. The books must be locked.
Status check_name_is_free(Session& session, Books& books, const ContainerName& name);

/// Makes the cgroup with its record, limits and cpu.weight, under a claim of this kind that the
/// caller ends. On failure nothing is left. The books must be locked.
Result<WorkClaim> make_leaf(Session& session, Work work, const CgroupPath& path,
                            const ContainerRecord& record, const Pool& pool, std::uint16_t weight);

/// The same, with the cpu.weight of one more among the members of `pool`.
Result<WorkClaim> make_member(Session& session, Work work, std::size_t pool, const CgroupPath& path,
                              const ContainerRecord& record);

}  // namespace weir
