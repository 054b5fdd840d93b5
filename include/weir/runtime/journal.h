// SPDX-License-Identifier: Apache-2.0
// Claims on long work, and what the next command makes of one whose owner was killed.
#pragma once

#include <string_view>
#include <vector>

#include "weir/cgroup/run_dir.h"
#include "weir/model/journal.h"
#include "weir/runtime/session.h"

namespace weir {

/// A claim on a pool or container: a journal entry that is locked for as long as its owner lives.
/// Destroyed without done(), the entry stays and the next command finishes or undoes the work.
class [[nodiscard]] WorkClaim {
 public:
  WorkClaim(const RunDir& run_dir, std::string subject, FileLock lock);
  /// Says how far the work has come, before the next step of it.
  Status update(const JournalEntry& entry);
  /// There is nothing left to finish or to undo.
  void done();

 private:
  const RunDir* run_dir_;
  std::string subject_;
  FileLock lock_;
};

/// `subject` is the name of a container or pool. Errc::conflict, "busy: move by pid N", where
/// another process works on it. The books need not be locked.
Result<WorkClaim> claim(const Session& session, std::string_view subject,
                        const JournalEntry& entry);

/// Finishes or undoes what killed processes left half done. Every command calls it first, before it
/// locks the books; costs one look into a folder where there is nothing to do. What cannot be
/// repaired becomes a warning of the session and is tried again by the next command.
void repair(Session& session);

/// Cgroups that a living process works on: others leave them as they are. The books must be locked.
std::vector<CgroupPath> busy_cgroups(const RunDir& run_dir);
bool is_busy(const RunDir& run_dir, const CgroupPath& cgroup);

}  // namespace weir
