// SPDX-License-Identifier: Apache-2.0
// Room for a higher class at the cost of lower ones, and giving it back (docs/allocator.md 11).
#pragma once

#include <vector>

#include "weir/policy/desired.h"
#include "weir/runtime/books.h"

namespace weir {

/// Whether it stands still because a higher class has its CPU.
bool is_preempted(CgroupIo& io, const CgroupPath& path);

/// What a container counts for in the books: one that was preempted holds no CPU.
ContainerRecord as_counted(CgroupIo& io, const CgroupPath& path, ContainerRecord record);

/// Freezes or kills the cheapest containers of lower classes in `pool` that make room for
/// `record`, as the pool's `preempt` says. Frozen ones hold no CPU in the books from then on; the
/// killed still have to end. Empty where it may not, or where that would not do. The books must be
/// locked.
Result<std::vector<Member>> preempt_for(CgroupIo& io, const PoolTree& tree, Books& books,
                                        std::size_t pool, const ContainerRecord& record);

/// Thaws preempted containers of `pool` that fit again, the highest class first, but none of a
/// class below `above`. Those it thawed. The books must be locked.
Result<std::vector<Member>> resume_preempted(CgroupIo& io, const PoolTree& tree, Books& books,
                                             std::size_t pool, std::int64_t above);

/// The same for every pool that does not preempt by freezing, or no longer does.
Status resume_all(CgroupIo& io, const PoolTree& tree, Books& books);

}  // namespace weir
