// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/move.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <optional>

#include "weir/base/text.h"
#include "weir/cgroup/count_in.h"
#include "weir/cgroup/drain.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/runtime/adopt.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/leaf.h"
#include "weir/runtime/queue.h"
#include "weir/runtime/remains.h"

#include "leaf_copy.h"
#include "record_io.h"
#include "relocate.h"
#include "runtime_follow.h"

namespace weir {
namespace {

/// What a container must still be able to allocate where it goes: page tables and stacks at least.
constexpr Bytes least_room{std::int64_t{1} << 20};
constexpr Bytes worth_reclaiming{std::int64_t{1} << 20};
/// What the kernel charges a new scope for the process that holds it and for its child: one page on
/// 6.1 and 6.12, and room for a kernel that takes more.
constexpr Bytes scope_charge{std::int64_t{64} << 10};
constexpr std::chrono::milliseconds make_way_patience{1'000};

/// What is moved, and where to; found while the books are locked.
struct Journey {
  ContainerRecord record;
  std::optional<std::size_t> from;  ///< pool; nothing where it has left the configuration
  std::size_t to = 0;
  JournalEntry entry;
};

bool is_frozen(CgroupIo& io, const CgroupPath& cgroup) {
  const auto text = io.read(cgroup, file::cgroup_freeze);
  return text && trim(*text) == "1";
}

Result<Member> find_member(Session& session, const ContainerName& name) {
  const auto path = find_container_called(session.io, session.tree, name.str());
  if (!path)
    return fail(Errc::not_found, fmt::format("no container '{}'", name.str()),
                "`weir ps` shows the containers");
  if (const auto pool = session.tree.find_at(path->parent())) {
    WEIR_TRY(const auto members, read_members(session.io, session.tree, *pool));
    const auto at = std::ranges::find(members, *path, &Member::path);
    if (at != members.end()) return *at;
  }
  return fail(Errc::conflict, fmt::format("{} was not made by weir", path->str()),
              "whoever made it must move it");
}

/// Unit names are unique on a systemd host, so the next one has a generation of its own; what a
/// runtime made without systemd keeps its name.
Result<CgroupPath> destination(const PoolTree& tree, const ContainerRecord& record,
                               const CgroupPath& from, std::size_t to) {
  if (tree.backend != Backend::systemd || record.runtime.known())
    return tree.pools[to].path.child(from.leaf());
  const auto stem = fmt::format("{}-g", record.name.str());
  const auto leaf = from.leaf().substr(0, from.leaf().rfind('.'));
  auto generation = std::int64_t{1};
  if (leaf.starts_with(stem))
    generation = to_number<std::int64_t>(leaf.substr(stem.size())).value_or(1);
  return tree.pools[to].path.child(fmt::format("{}{}.scope", stem, generation + 1));
}

Result<Journey> plan_journey(Session& session, ContainerRecord record, const CgroupPath& from,
                             std::optional<std::size_t> from_pool, std::size_t to) {
  WEIR_CHECK(check_pool_is_applied(session, session.tree.pools[to]));
  if (from_pool == to)
    return fail(Errc::conflict,
                fmt::format("container '{}' is in pool '{}' already", record.name.str(),
                            session.tree.pools[to].name().str()));
  WEIR_CHECK(check_can_be_copied(session.io, from));
  WEIR_CHECK(check_runtime_can_follow(record, from));
  Journey out{std::move(record), from_pool, to, {}};
  out.entry.work = Work::move;
  out.entry.from = from;
  out.entry.stays_frozen = is_frozen(session.io, from);
  WEIR_TRY(out.entry.cgroup, destination(session.tree, out.record, from, to));
  return out;
}

/// What will stay behind as far as can be told now.
Bytes estimate_left_behind(Session& session, const CgroupPath& cgroup) {
  const auto held = charged_to(session.io, cgroup);
  const auto cache = reclaimable(session.io, cgroup);
  return cache < held ? held - cache : Bytes{};
}

/// The kernel lets processes in beyond pids.max (kernel.md #9), and then they cannot fork.
Status check_pids(Session& session, const Journey& journey) {
  const auto& pool = session.tree.pools[journey.to];
  const auto text = session.io.read(pool.path, file::pids_max);
  const auto limit = text ? limit_number(*text) : std::nullopt;
  const auto there = count_in(session.io, pool.path, file::pids_current).value_or(0);
  const auto coming = count_in(session.io, journey.entry.from, file::pids_current).value_or(0);
  if (!limit || there + coming <= *limit) return {};
  return fail(Errc::no_capacity,
              fmt::format("pool '{}' has {} of its {} processes, and {} would come",
                          pool.name().str(), there, *limit, coming),
              "raise pids.limit of the pool, or --force: it could not fork until others end");
}

/// Its new memory.max is what its limit leaves beside what stays behind.
Status check_own_room(const Journey& journey, Bytes left_behind) {
  const auto& limit = journey.record.memory_limit;
  if (!limit || left_behind + least_room <= *limit) return {};
  return fail(Errc::no_capacity,
              fmt::format("container '{}' would leave {} of its {} limit behind and could allocate "
                          "next to nothing",
                          journey.record.name.str(), to_text(left_behind), to_text(*limit)),
              "raise its limit or let it free memory; --force moves it all the same");
}

Status check_room(Session& session, const Journey& journey, Bytes left_behind) {
  auto books = session.books();
  WEIR_TRY(const auto verdict, journey.from ? books.ask_to_move({.from = *journey.from,
                                                                 .to = journey.to,
                                                                 .record = journey.record,
                                                                 .left = left_behind})
                                            : books.ask(journey.to, journey.record));
  if (verdict.refused) return tl::unexpected(*verdict.refused);
  WEIR_CHECK(check_pids(session, journey));
  return check_own_room(journey, left_behind);
}

/// Weir's own values of the new pool, where the old cgroup has weir's own of the old one; what
/// somebody else has set goes along.
FileValues new_values(Session& session, const Journey& journey, std::uint16_t weight) {
  const auto& pools = session.tree.pools;
  const auto& old_pool = pools[journey.from.value_or(journey.to)];
  const auto was = container_files(journey.record, old_pool, weight);
  const auto will = container_files(journey.record, pools[journey.to], weight);
  FileValues out;
  out.emplace(file::cpu_weight, will.find(file::cpu_weight)->second);
  for (const auto name : {file::memory_min, file::memory_low}) {
    const auto now = session.io.read(journey.entry.from, name);
    if (now && same_value(name, trim(*now), was.find(name)->second))
      out.emplace(name, will.find(name)->second);
  }
  return out;
}

/// The new cgroup, or the one it left there earlier, with every setting of the old one and a record
/// that says that the container is not in it yet. The books must be locked.
Status prepare(Session& session, const Journey& journey) {
  const auto& entry = journey.entry;
  WEIR_TRY(const auto weight, newcomer_weight(session, journey.to, journey.record));
  const auto values = new_values(session, journey, weight);
  if (!session.io.exists(entry.cgroup)) {
    const auto limits = container_files(journey.record, session.tree.pools[journey.to], weight);
    WEIR_CHECK(session.io.make_for(entry.cgroup, limits));
  }
  auto record =
      record_after(session.tree, journey.record, entry, charged_to(session.io, entry.from));
  record.remains = true;
  WEIR_CHECK(set_record(session.io, entry.cgroup, record));
  ignore(session.books().recount(journey.to, true),
         "nobody is refused before they are counted anew");
  return copy_leaf(session.io, entry.from, entry.cgroup, values);
}

MoveReport report_of(Session& session, const Journey& journey) {
  MoveReport out;
  out.container = journey.record.name.str();
  out.from = journey.from ? session.tree.pools[*journey.from].name().str()
                          : std::string{journey.entry.from.parent().leaf()};
  out.to = session.tree.pools[journey.to].name().str();
  out.path = journey.entry.cgroup;
  out.memory = charged_to(session.io, journey.entry.from);
  return out;
}

/// The claim may go when it has succeeded.
Status settle_both(Session& session, const Journey& journey) {
  for (const auto pool : {journey.from.value_or(journey.to), journey.to})
    WEIR_CHECK(settle_pool(session, pool));
  call_next(session.io, session.tree, session.run_dir);
  return {};
}

/// Near its limit a container would exceed it together with its new scope: it gives as much back,
/// and stands still from then on, as it would take it again. True: it is frozen, and was not.
bool make_way(Session& session, const Journey& journey) {
  const auto& from = journey.entry.from;
  const auto allowed = journey.record.memory_allowed();
  const bool has_scope =
      session.tree.backend == Backend::systemd && !journey.record.runtime.known();
  if (!has_scope || !allowed) return false;
  const auto held = [&] { return count_in(session.io, from, file::memory_current).value_or(0); };
  // It may grow by so much while the scope is made.
  if (held() < allowed->value - allowed->value / 8) return false;
  const auto frozen = freeze(session.io, from, make_way_patience);
  if (const auto more = held() + scope_charge.value - allowed->value; frozen && *frozen && more > 0)
    ignore(session.io.write(from, file::memory_reclaim, fmt::format("{}", more)),
           "it has nothing to give: it exceeds its limit by what its scope is charged for");
  return !journey.entry.stays_frozen;
}

/// From here on the container is claimed; the books are locked at the beginning.
Result<MoveReport> carry_out(Session& session, Journey journey, FileLock lock, WorkClaim& claim) {
  auto report = report_of(session, journey);
  const auto begin = monotonic_ms();
  const bool made_way = make_way(session, journey);
  if (auto prepared = prepare(session, journey); !prepared) {
    const bool runs = !made_way || session.io.write(journey.entry.from, file::cgroup_freeze, "0");
    if (runs && discard_leaf(session.io, journey.entry.cgroup) && settle_both(session, journey))
      claim.done();
    return pass(std::move(prepared));
  }
  lock.release();
  const auto cache = reclaimable(session.io, journey.entry.from);
  if (cache > worth_reclaiming) report.reclaimed = reclaim(session.io, journey.entry.from, cache);
  journey.entry.stage = MoveStage::taking;
  WEIR_CHECK(claim.update(journey.entry));
  if (made_way) report.frozen_ms = monotonic_ms() - begin;
  WEIR_TRY(auto done, relocate(session, journey.entry));
  if (auto again = session.run_dir.lock_books(); again && settle_both(session, journey))
    claim.done();  // else the next command ends it
  if (done.undone_by) return tl::unexpected(std::move(*done.undone_by));
  report.pids = done.pids;
  report.frozen_ms += done.frozen_ms;
  report.left_behind = done.left_behind;
  report.reclaimed += done.reclaimed;
  return report;
}

Result<MoveReport> start(Session& session, Journey journey, FileLock lock) {
  WEIR_TRY(auto claim, weir::claim(session, journey.record.name.str(), journey.entry));
  return carry_out(session, std::move(journey), std::move(lock), claim);
}

MoveReport estimate(Session& session, const Journey& journey, Bytes left_behind) {
  auto report = report_of(session, journey);
  report.pids = static_cast<std::size_t>(
      count_in(session.io, journey.entry.from, file::pids_current).value_or(0));
  report.left_behind = left_behind;
  report.reclaimed = report.memory - left_behind;
  return report;
}

}  // namespace

Result<MoveReport> move(Session& session, const MoveRequest& request) {
  WEIR_TRY(const auto to, find_leaf_pool(session.tree, request.to));
  WEIR_TRY(const auto name, ContainerName::parse_existing(request.container));
  repair(session);
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_CHECK(adopt(session));
  WEIR_TRY(auto member, find_member(session, name));
  WEIR_TRY(auto journey,
           plan_journey(session, std::move(member.record), member.path, member.pool, to));
  journey.entry.forced = request.force;
  const auto left_behind = estimate_left_behind(session, journey.entry.from);
  if (!request.force) WEIR_CHECK(check_room(session, journey, left_behind));
  if (request.dry_run) return estimate(session, journey, left_behind);
  return start(session, std::move(journey), std::move(lock));
}

Result<MoveReport> evict_container(Session& session, const CgroupPath& container,
                                   const std::string& to) {
  WEIR_TRY(const auto pool, find_leaf_pool(session.tree, to));
  repair(session);
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  WEIR_TRY(const auto text, session.io.attribute(container, attribute::container));
  if (!text) return fail(Errc::conflict, fmt::format("{} has lost its record", container.str()));
  WEIR_TRY(auto record, ContainerRecord::parse(*text));
  if (record.remains) return MoveReport{};  // the container itself is somewhere else
  WEIR_TRY(auto journey, plan_journey(session, std::move(record), container, {}, pool));
  WEIR_CHECK(check_pids(session, journey));
  journey.entry.forced = true;
  return start(session, std::move(journey), std::move(lock));
}

}  // namespace weir
