// SPDX-License-Identifier: Apache-2.0
#include "relocate.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/clear.h"
#include "weir/cgroup/drain.h"
#include "weir/cgroup/precedence.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/runtime/books.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/remains.h"

#include "record_io.h"
#include "runtime_follow.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds freeze_patience{10'000};
constexpr milliseconds drain_patience{60'000};  // 10,000 processes take two seconds (kernel.md #45)
constexpr Bytes worth_reclaiming{std::int64_t{1} << 20};

/// One that cannot be understood must not be written over.
Result<std::optional<ContainerRecord>> read_own_record(CgroupIo& io, const CgroupPath& cgroup) {
  WEIR_TRY(const auto text, read_record_text(io, cgroup));
  if (!text) return std::optional<ContainerRecord>{};
  WEIR_TRY(auto record, ContainerRecord::parse(*text));
  return std::optional{std::move(record)};
}

Status thaw(CgroupIo& io, const CgroupPath& cgroup) {
  return io.write(cgroup, file::cgroup_freeze, "0");
}

const Pool* pool_at(const PoolTree& tree, const CgroupPath& leaf) {
  const auto at = tree.find_at(leaf.parent());
  return at ? &tree.pools[*at] : nullptr;
}

class Relocation {
 public:
  Relocation(Session& session, const JournalEntry& entry)
      : session_(session), io_(session.io), entry_(entry) {}

  Result<Relocated> run() {
    WEIR_TRY(before_, current_record());
    const auto begin = monotonic_ms();
    auto done = go_over();
    if (!done) return give_up(std::move(done).error());
    out_.frozen_ms = entry_.stays_frozen ? 0 : monotonic_ms() - begin;
    tidy_up();
    return out_;
  }

 private:
  /// On the old cgroup; on the new one where a move was cut short after the records changed, or
  /// where systemd has removed the old scope.
  Result<ContainerRecord> current_record() {
    WEIR_TRY(auto there, read_own_record(io_, entry_.cgroup));
    if (there && !there->remains) {
      has_changed_ = true;
      return std::move(*there);
    }
    WEIR_TRY(auto here, read_own_record(io_, entry_.from));
    if (here && !here->remains) return std::move(*here);
    if (!there) return fail(Errc::failed, fmt::format("{} has lost its record", entry_.from.str()));
    there->remains = false;
    return std::move(*there);
  }

  Status go_over() {
    const Precedence until_it_runs_again;
    out_.left_behind = still_there() ? charged_to(io_, entry_.from) : noted_before();
    if (still_there()) {
      WEIR_CHECK(freeze_both());
      WEIR_TRY(const auto drained, drain(io_, entry_.from, entry_.cgroup, drain_patience));
      out_.pids = drained.moved;
      measure();
    }
    WEIR_CHECK(divide_limit());
    WEIR_CHECK(change_records());
    has_changed_ = true;
    WEIR_CHECK(tell_runtime(before_.runtime, entry_.from, entry_.cgroup));
    auto thawed = entry_.stays_frozen ? Status{} : thaw(io_, entry_.cgroup);
    // It ended as it arrived, and systemd has removed its scope: there is nothing to put back.
    if (!thawed && is_gone(thawed.error()) && !io_.exists(entry_.cgroup)) return {};
    return thawed;
  }

  bool still_there() { return io_.exists(entry_.from); }

  /// What the record had as left behind by this very move.
  [[nodiscard]] Bytes noted_before() const {
    const auto* pool = pool_at(session_.tree, entry_.from);
    for (const auto& part : before_.left_behind)
      if (pool && part.pool == pool->name()) return part.bytes;
    return Bytes{};
  }

  void measure() {
    const auto cached = reclaimable(io_, entry_.from);
    if (cached > worth_reclaiming) out_.reclaimed = reclaim(io_, entry_.from, cached);
    const auto left = charged_to(io_, entry_.from);
    if (still_there()) out_.left_behind = left;  // else as it was before: nobody allocated since
  }

  Status freeze_both() {
    WEIR_TRY(const bool frozen, freeze(io_, entry_.from, freeze_patience));
    if (!frozen)
      return fail(Errc::failed,
                  fmt::format("{}: could not be frozen within {} s", entry_.from.str(),
                              freeze_patience.count() / 1000),
                  "a process in it waits for a device; try again when that is over");
    // Nobody of the container's own is in it.
    return io_.write(entry_.cgroup, file::cgroup_freeze, "1");
  }

  /// Never more than the limit in both: the old cgroup keeps what it holds, the new one has the
  /// rest. Nobody runs, so what the old one holds does not grow meanwhile.
  Status divide_limit() {
    const auto after = moved_record();
    if (!after.memory_limit) return {};
    auto kept = io_.write(entry_.from, file::memory_max, memory_text(page_above(out_.left_behind)));
    if (!kept && !has_vanished(kept.error())) return kept;
    return io_.write(entry_.cgroup, file::memory_max, memory_text(after.memory_allowed()));
  }

  static Bytes page_above(Bytes bytes) {
    constexpr std::int64_t page = 4096;
    return Bytes{(bytes.value + page - 1) / page * page};
  }

  /// The new one first: from then on the container is there.
  Status change_records() {
    const auto after = moved_record();
    const auto left = before_.leaving(out_.left_behind);
    const auto from = session_.tree.find_at(entry_.from.parent());
    const bool grows = left.memory_reserved() > before_.memory_reserved();
    Status changed;
    if (from && grows && still_there()) {
      WEIR_TRY(const auto lock, session_.run_dir.lock_books());
      WEIR_CHECK(check_room_for_the_rest(*from));
      WEIR_CHECK(set_record(io_, entry_.cgroup, after));
      changed = session_.books().enter(*from, entry_.from, left);
    } else {
      WEIR_CHECK(set_record(io_, entry_.cgroup, after));
      changed = set_record(io_, entry_.from, left);
    }
    return !changed && has_vanished(changed.error()) ? Status{} : changed;
  }

  [[nodiscard]] ContainerRecord moved_record() const {
    return has_changed_ ? before_ : record_after(session_.tree, before_, entry_, out_.left_behind);
  }

  /// It ran on since it was asked for, and leaves more than it had booked.
  Status check_room_for_the_rest(std::size_t from) {
    const auto to = session_.tree.find_at(entry_.cgroup.parent());
    if (entry_.forced || has_changed_ || !to) return {};
    WEIR_TRY(auto verdict, session_.books().ask_to_move({.from = from,
                                                         .to = *to,
                                                         .record = before_,
                                                         .left = out_.left_behind,
                                                         .is_expected = true}));
    return verdict.refused ? tl::unexpected(std::move(*verdict.refused)) : Status{};
  }

  /// systemd removes an empty scope.
  bool has_vanished(const Error& error) { return is_gone(error) && !still_there(); }

  /// Everybody goes back, with the limit and the record as they were.
  Result<Relocated> give_up(Error error) {
    auto back = put_back();
    if (back) {
      ignore(discard_leaf(io_, entry_.cgroup), "without processes, the next command removes it");
      out_.undone_by = std::move(error);
      return out_;
    }
    if (!entry_.stays_frozen)
      for (const auto* cgroup : {&entry_.from, &entry_.cgroup})
        ignore(thaw(io_, *cgroup), "the first error is the one to report");
    error.message += fmt::format("; putting it back: {}", back.error().message);
    error.hint = "the next weir command tries to finish the move";
    return tl::unexpected(std::move(error));
  }

  Status put_back() {
    io_.inhabited(entry_.cgroup);
    if (!still_there()) return fail(Errc::failed, "its old cgroup is gone");
    if (before_.memory_limit)
      WEIR_CHECK(io_.write(entry_.from, file::memory_max, memory_text(before_.memory_allowed())));
    if (io_.exists(entry_.cgroup)) {
      WEIR_CHECK(io_.write(entry_.cgroup, file::cgroup_freeze, "1"));
      WEIR_CHECK(drain(io_, entry_.cgroup, entry_.from, drain_patience));
      auto record = before_;
      record.remains = true;
      WEIR_CHECK(set_record(io_, entry_.cgroup, record));
    }
    WEIR_CHECK(restore_record());
    WEIR_CHECK(tell_runtime(before_.runtime, entry_.cgroup, entry_.from));
    return entry_.stays_frozen ? Status{} : thaw(io_, entry_.from);
  }

  /// Where others may have counted already without it, the sums have it again at once.
  Status restore_record() {
    const auto from = session_.tree.find_at(entry_.from.parent());
    if (!has_changed_ || !from) return set_record(io_, entry_.from, before_);
    WEIR_TRY(const auto lock, session_.run_dir.lock_books());
    return session_.books().enter(*from, entry_.from, before_);
  }

  /// The cgroups below the old one have handed their charge to it.
  void tidy_up() {
    if (const auto names = io_.children(entry_.from))
      for (const auto& name : *names)
        if (const auto below = entry_.from.child(name))
          ignore(remove_tree(io_, *below), "it goes with the old cgroup");
    ignore(thaw(io_, entry_.from), "nobody is in it");
    io_.inhabited(entry_.cgroup);
  }

  Session& session_;
  CgroupIo& io_;
  const JournalEntry& entry_;
  ContainerRecord before_{.name = *ContainerName::parse("none")};
  bool has_changed_ = false;  ///< the records say that it is in the new cgroup
  Relocated out_;
};

}  // namespace

Status finish_arrival(CgroupIo& io, const CgroupPath& cgroup) {
  WEIR_TRY(auto record, read_own_record(io, cgroup));
  if (!record || !record->arriving) return {};
  WEIR_CHECK(thaw(io, cgroup));
  record->arriving = false;
  return set_record(io, cgroup, *record);
}

Result<Relocated> relocate(Session& session, const JournalEntry& entry) {
  return Relocation(session, entry).run();
}

ContainerRecord record_after(const PoolTree& tree, ContainerRecord record, const JournalEntry& move,
                             Bytes left_behind) {
  const auto* left = pool_at(tree, move.from);
  const auto* reached = pool_at(tree, move.cgroup);
  // Under the name it always has, a container finds the cgroup again that it left there earlier.
  // On systemd each one has a name of its own, and what was left is charged to the pool.
  const bool reunited = move.cgroup.leaf() == move.from.leaf();
  auto charged = left_behind;
  std::erase_if(record.left_behind, [&](const LeftBehind& part) {
    if (left && part.pool == left->name()) {
      if (!reunited) charged += part.bytes;
      return true;
    }
    return reunited && reached && part.pool == reached->name();
  });
  if (left && charged > Bytes{} && record.left_behind.size() < most_left_behind)
    record.left_behind.push_back({charged, left->name()});
  return record;
}

Status discard_leaf(CgroupIo& io, const CgroupPath& cgroup) {
  io.inhabited(cgroup);  // what held it open goes with it
  WEIR_TRY(const bool empty, wait_unpopulated(io, cgroup, milliseconds{500}));
  if (!empty) return {};
  WEIR_TRY(const auto record, read_own_record(io, cgroup));
  // It holds memory from a former stay: it goes when that has drained.
  if (record && (!record->remains || charged_to(io, cgroup) > worth_reclaiming)) return {};
  return remove_tree(io, cgroup);
}

Status settle_pool(Session& session, std::size_t pool) {
  ignore(settle_weights(session, pool), "the next start or verify settles them");
  const auto counted = session.books().recount(pool, true);
  if (counted || !session.io.exists(session.tree.pools[pool].path)) return {};
  return tl::unexpected(counted.error());
}

Status repair_move(Session& session, const JournalEntry& entry) {
  const bool is_there = session.io.exists(entry.cgroup);
  if (!is_there || entry.stage == MoveStage::preparing) {
    if (session.io.exists(entry.from) && !entry.stays_frozen)
      WEIR_CHECK(thaw(session.io, entry.from));
    return is_there ? discard_leaf(session.io, entry.cgroup) : Status{};
  }
  auto done = relocate(session, entry);
  return done ? Status{} : pass(std::move(done));
}

}  // namespace weir
