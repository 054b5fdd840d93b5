// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/books.h"

#include <algorithm>
#include <limits>

#include "weir/cgroup/clear.h"
#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/policy/ledger.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/journal.h"
#include "weir/runtime/preempt.h"

#include "books_words.h"
#include "record_io.h"

namespace weir {
namespace {

/// Nobody lives in it, and whoever watched it is gone: while the books are locked, no container is
/// being started but by a runtime. One that is being moved out has been left by everybody, too.
bool has_ended(CgroupIo& io, const RunDir& run_dir, const CgroupPath& path,
               const ContainerRecord& record) {
  if (record.is_settling(wall_us())) return false;
  const auto events = io.read(path, file::cgroup_events);
  if (!events || flat_value(*events, "populated").value_or(1) != 0) return false;
  return !is_busy(run_dir, path);
}

}  // namespace

Result<PoolBooks> Books::count(std::size_t pool, bool reclaim) {
  PoolBooks sums;
  const auto& slice = tree_.pools[pool].path;
  const auto names = io_.children(slice);
  if (!names && is_gone(names.error())) return sums;
  if (!names) return tl::unexpected(names.error());
  for (const auto& name : *names) {
    ++sums.leaves;
    const auto path = slice.child(name);
    if (!path) continue;
    WEIR_TRY(const auto record, read_record(io_, *path));
    if (!record) continue;
    // A moved container's former cgroup goes when it has drained, one in the making fills soon.
    const bool may_go = reclaim && !record->remains && !record->arriving;
    if (may_go && has_ended(io_, run_dir_, *path, *record) && remove_with_remains(*path, *record))
      --sums.leaves;
    else
      sums.add(as_counted(io_, *path, *record));
  }
  return sums;
}

Status Books::remove_with_remains(const CgroupPath& path, const ContainerRecord& record) {
  for (const auto& part : record.left_behind) {
    const auto pool = tree_.find(part.pool.str());
    if (!pool) continue;
    const auto former = container_path(tree_, *pool, record.name);
    if (!former || *former == path) continue;
    const auto there = read_record(io_, *former);
    if (there && *there && (*there)->remains)
      ignore(remove_tree(io_, *former), "it is empty; the next command tries again");
  }
  return remove_tree(io_, path);
}

Result<Books::Entry*> Books::know(std::size_t pool) {
  auto& entry = pools_[pool];
  if (entry.known) return &entry;
  const auto& slice = tree_.pools[pool].path;
  const auto text = io_.attribute(slice, attribute::books);
  if (!text && !is_gone(text.error())) return tl::unexpected(text.error());
  entry.known = true;
  if (!text) return &entry;  // it is not applied, and empty
  const auto kept = *text ? PoolBooks::parse(**text) : Result<PoolBooks>{PoolBooks{}};
  if (kept) entry.sums = *kept;
  WEIR_TRY(const auto leaves, io_.child_count(slice));
  if (*text && kept && kept->leaves == leaves) return &entry;
  WEIR_TRY(const auto sums, count(pool, false));
  WEIR_CHECK(write(pool, sums));
  return &entry;
}

Status Books::know_all() {
  for (std::size_t i = 0; i < tree_.pools.size(); ++i)
    if (tree_.pools[i].children.empty()) WEIR_CHECK(know(i));
  return know_bookings();
}

Status Books::write(std::size_t pool, PoolBooks sums) {
  auto& entry = pools_[pool];
  sums.generation = entry.sums.generation + 1;
  entry.sums = sums;
  return io_.set_attribute(tree_.pools[pool].path, attribute::books, sums.str());
}

Result<bool> Books::refresh() {
  WEIR_CHECK(know_all());
  bool changed = false;
  for (std::size_t i = 0; i < tree_.pools.size(); ++i) {
    auto& entry = pools_[i];
    if (!tree_.pools[i].children.empty() || entry.counted) continue;
    WEIR_TRY(const auto sums, count(i, true));
    entry.counted = true;
    if (sums.same_sums(entry.sums) && sums.leaves == entry.sums.leaves) continue;
    changed = changed || !sums.same_sums(entry.sums);
    WEIR_CHECK(write(i, sums));
  }
  return changed;
}

std::vector<PoolBooks> Books::sums() const {
  std::vector<PoolBooks> out;
  for (const auto& entry : pools_) out.push_back(entry.sums);
  for (const auto& [booking, slot] : *booked_)
    if (const auto pool = tree_.find(booking.pool.str())) out[*pool].add(booking.record);
  for (const auto& [pool, record] : gone_) out[pool].subtract(record);
  for (const auto& [pool, record] : there_) out[pool].add(record);
  return out;
}

Books::Decision Books::decide(std::size_t pool, const ContainerRecord& record) const {
  const auto all = sums();
  const auto most = tree_.pools[pool].spec.max_containers;
  return {weir::admit(ledger_of(tree_, all), rules_of(tree_), pool, applicant_of(record)),
          most && all[pool].containers >= *most};
}

Result<Verdict> Books::ask(std::size_t pool, const ContainerRecord& record) {
  WEIR_CHECK(know_all());
  auto decision = decide(pool, record);
  const auto& refused = decision.admission.refused;
  if (decision.too_many || (refused && !refused->for_ever)) {
    WEIR_TRY(const bool changed, refresh());
    if (changed) decision = decide(pool, record);
  }
  Verdict verdict;
  if (refused && refused->for_ever) {
    verdict.refused = explain(pool, record, *refused);
    verdict.for_ever = true;
  } else if (decision.too_many) {
    verdict.refused = books_words::too_many(tree_.pools[pool], record);
    verdict.for_ever = *tree_.pools[pool].spec.max_containers == 0;
  } else if (refused) {
    verdict.refused = explain(pool, record, *refused);
  } else {
    verdict.loans = std::move(decision.admission.loans);
  }
  return verdict;
}

Result<Verdict> Books::ask_to_move(const Transfer& transfer) {
  WEIR_CHECK(know_all());
  if (transfer.is_expected) {
    auto expected = transfer.record;
    expected.remains = true;
    gone_.emplace_back(transfer.to, std::move(expected));
  }
  Verdict verdict;
  verdict.refused = stays_too_much(transfer);
  if (verdict.refused) {
    gone_.clear();
    return verdict;
  }
  gone_.emplace_back(transfer.from, transfer.record);
  there_.emplace_back(transfer.from, transfer.record.leaving(transfer.left));
  auto asked = ask(transfer.to, transfer.record);
  gone_.clear();
  there_.clear();
  return asked;
}

std::optional<Error> Books::stays_too_much(const Transfer& transfer) const {
  const auto had = transfer.record.memory_reserved();
  if (transfer.left <= had) return {};
  const auto more = cpu_memory(0, (transfer.left - had).value);
  const auto refused = over_limit(ledger_of(tree_, sums()), rules_of(tree_), transfer.from, more);
  if (!refused) return {};
  return books_words::no_room_to_leave(tree_, transfer.from, transfer.left, *refused);
}

Result<Verdict> Books::admit(std::size_t pool, const ContainerRecord& record) {
  WEIR_TRY(auto verdict, ask(pool, record));
  if (verdict.refused) return tl::unexpected(std::move(*verdict.refused));
  auto sums = pools_[pool].sums;
  sums.add(record);
  ++sums.leaves;
  WEIR_CHECK(write(pool, sums));
  return verdict;
}

Status Books::unbook(std::size_t pool, const ContainerRecord& record) {
  WEIR_TRY(const auto* entry, know(pool));
  auto sums = entry->sums;
  sums.subtract(record);
  --sums.leaves;
  return write(pool, sums);
}

Status Books::remove(const CgroupPath& path) {
  const auto slice = path.parent();
  const auto pool = tree_.find_at(slice);
  if (!pool || !io_.exists(path)) return remove_tree(io_, path);
  WEIR_TRY(auto record, read_record(io_, path));
  if (record) record = as_counted(io_, path, std::move(*record));
  WEIR_TRY(const auto* entry, know(*pool));
  WEIR_CHECK(record ? remove_with_remains(path, *record) : remove_tree(io_, path));
  auto sums = entry->sums;
  --sums.leaves;
  // Whoever else went away meanwhile was not this one, and the next to look will count.
  const auto left = io_.child_count(slice);
  if (!left || *left != sums.leaves) return {};
  if (record) sums.subtract(*record);
  return write(*pool, sums);
}

Status Books::enter(std::size_t pool, const CgroupPath& path, const ContainerRecord& record) {
  WEIR_TRY(const auto before, read_record(io_, path));
  WEIR_TRY(const auto* entry, know(pool));
  auto sums = entry->sums;
  sums.add(record);
  // Never too low in between: what it had stays counted until its record is the new one.
  WEIR_CHECK(write(pool, sums));
  WEIR_CHECK(set_record(io_, path, record));
  if (!before) return {};
  WEIR_TRY(const auto now, count(pool, false));
  return write(pool, now);
}

Result<Books::Recount> Books::recount(std::size_t pool, bool write_it) {
  Recount out;
  const auto text = io_.attribute(tree_.pools[pool].path, attribute::books);
  const auto kept = text && *text ? PoolBooks::parse(**text) : Result<PoolBooks>{PoolBooks{}};
  if (kept) out.before = *kept;
  WEIR_TRY(out.now, count(pool, false));
  pools_[pool].known = true;
  pools_[pool].sums = out.before;
  if (write_it)
    WEIR_CHECK(write(pool, out.now));
  else
    pools_[pool].sums = out.now;
  return out;
}

Result<std::size_t> Books::places(std::size_t pool) {
  WEIR_CHECK(know_all());
  const auto most = tree_.pools[pool].spec.max_containers;
  if (!most) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(std::max<std::int64_t>(0, *most - sums()[pool].containers));
}

Result<Resources> Books::room(std::size_t pool) {
  WEIR_CHECK(know_all());
  return room_in(ledger_of(tree_, sums()), rules_of(tree_), pool);
}

}  // namespace weir
