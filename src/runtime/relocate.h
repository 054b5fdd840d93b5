// SPDX-License-Identifier: Apache-2.0
// The part of a move that must be whole: from the first process that goes over to the records that
// say where the container is.
#pragma once

#include <optional>

#include "weir/model/record.h"
#include "weir/runtime/journal.h"
#include "weir/runtime/session.h"

namespace weir {

/// A container whose processes were being taken in when its maker was killed runs again.
Status finish_arrival(CgroupIo& io, const CgroupPath& cgroup);

struct Relocated {
  /// It is back where it was, and this is why; nothing: it is in its new cgroup.
  std::optional<Error> undone_by;
  std::size_t pids = 0;
  std::int64_t frozen_ms = 0;
  Bytes left_behind;
  Bytes reclaimed;
};

/// Both cgroups are there, with the container's record on the old one and the same, marked as
/// remains, on the new one; the claim says `taking`. Freezes, takes everybody over, divides the
/// memory limit, changes the records, thaws. An error: not even putting it back succeeded, it runs
/// in two cgroups, and the journal entry must stay.
Result<Relocated> relocate(Session& session, const JournalEntry& entry);

/// The record for a container that leaves `from` with so much of its memory, for `to`.
ContainerRecord record_after(const PoolTree& tree, ContainerRecord record, const JournalEntry& move,
                             Bytes left_behind);

/// Removes a cgroup that was made for a container that did not come.
Status discard_leaf(CgroupIo& io, const CgroupPath& cgroup);

/// What whoever moved or placed does at the end, the books locked: sibling weights, and the sums,
/// which count what arrives as remains until then. A pool that is gone has none.
Status settle_pool(Session& session, std::size_t pool);

/// What a killed move left: finished where processes had begun to go over, undone before.
Status repair_move(Session& session, const JournalEntry& entry);

}  // namespace weir
