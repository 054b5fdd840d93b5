// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/journal.h"

#include <cerrno>
#include <fmt/format.h>

#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/model/record.h"
#include "weir/runtime/freeze.h"

#include "relocate.h"

namespace weir {
namespace {

/// A cgroup that never got its record. Populated, it is somebody else's by now.
Status remove_unrecorded(Session& session, const CgroupPath& cgroup) {
  if (session.io.attribute(cgroup, attribute::container).value_or(std::nullopt)) return {};
  auto removed = session.io.remove(cgroup);
  if (removed || is_gone(removed.error()) || removed.error().sys == EBUSY) return {};
  return removed;
}

Status put_high_back(Session& session, const JournalEntry& entry) {
  if (entry.memory_high.empty() || !session.io.exists(entry.cgroup)) return {};
  return session.io.write(entry.cgroup, file::memory_high, entry.memory_high);
}

Status repair_one(Session& session, const JournalEntry& entry) {
  // What lies elsewhere was begun for another tree, which is gone.
  const auto is_ours = [&](const CgroupPath& path) {
    return path != session.tree.top && path.is_within(session.tree.top);
  };
  if (entry.work == Work::shrink && entry.cgroup == session.tree.top)
    return put_high_back(session, entry);
  if (!is_ours(entry.cgroup)) return {};
  if (entry.work == Work::move && !is_ours(entry.from)) return {};
  switch (entry.work) {
    case Work::make:
      return remove_unrecorded(session, entry.cgroup);
    case Work::place:
      WEIR_CHECK(remove_unrecorded(session, entry.cgroup));
      if (!session.io.exists(entry.cgroup)) return {};
      return finish_arrival(session.io, entry.cgroup);
    case Work::move:
      return repair_move(session, entry);
    case Work::shrink:
      return put_high_back(session, entry);
    case Work::release:
      break;
  }
  return {};
}

/// What its maker would have done at the end.
Status settle(Session& session, const JournalEntry& entry) {
  if (entry.work != Work::move && entry.work != Work::place) return {};
  WEIR_TRY(const auto lock, session.run_dir.lock_books());
  for (const auto* leaf : {&entry.cgroup, &entry.from}) {
    const auto pool = leaf->is_root() ? std::nullopt : session.tree.find_at(leaf->parent());
    if (pool) WEIR_CHECK(settle_pool(session, *pool));
  }
  return {};
}

void repair_subject(Session& session, const std::string& subject) {
  auto lock = session.run_dir.lock_entry(subject, false);
  if (!lock || !*lock) return;  // somebody works on it, or has just ended
  const auto text = session.run_dir.entry(subject);
  WorkClaim claim(session.run_dir, subject, std::move(**lock));
  const auto entry = JournalEntry::parse(text);
  if (!entry) return claim.done();  // made by somebody who was killed before he had begun
  auto repaired = repair_one(session, *entry);
  if (repaired) repaired = settle(session, *entry);
  if (repaired) return claim.done();
  session.warnings.push_back(fmt::format("a {} of '{}' was cut short: {}", to_text(entry->work),
                                         subject, repaired.error().message));
}

}  // namespace

WorkClaim::WorkClaim(const RunDir& run_dir, std::string subject, FileLock lock)
    : run_dir_(&run_dir), subject_(std::move(subject)), lock_(std::move(lock)) {}

Status WorkClaim::update(const JournalEntry& entry) {
  auto signed_entry = entry;
  signed_entry.pid = self().pid;
  return RunDir::write_entry(lock_, signed_entry.str());
}

void WorkClaim::done() {
  run_dir_->remove_entry(subject_);
  lock_.release();
}

Result<WorkClaim> claim(const Session& session, std::string_view subject,
                        const JournalEntry& entry) {
  WEIR_TRY(auto lock, session.run_dir.lock_entry(subject, true));
  if (!lock) {
    const auto theirs = JournalEntry::parse(session.run_dir.entry(subject));
    return fail(Errc::conflict,
                theirs ? fmt::format("'{}' is busy: {} by pid {}", subject, to_text(theirs->work),
                                     theirs->pid)
                       : fmt::format("'{}' is busy: another weir works on it", subject),
                "wait until it has ended, then try again");
  }
  if (JournalEntry::parse(session.run_dir.entry(subject)))
    return fail(Errc::conflict,
                fmt::format("'{}' was left half done by a weir that was killed", subject),
                "the next weir command repairs it; try again");
  WorkClaim made(session.run_dir, std::string{subject}, std::move(*lock));
  if (auto written = made.update(entry); !written) {
    made.done();
    return pass(std::move(written));
  }
  return made;
}

void repair(Session& session) {
  const auto thawed = thaw_abandoned(session.io, session.run_dir, session.tree.top);
  if (!thawed)
    session.warnings.push_back("an agent was killed and left containers frozen: " +
                               thawed.error().message);
  for (const auto& subject : session.run_dir.entries()) repair_subject(session, subject);
}

}  // namespace weir
