// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/preempt.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "weir/base/text.h"
#include "weir/cgroup/clear.h"
#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/policy/ledger.h"
#include "weir/policy/queue.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/freeze.h"

namespace weir {
namespace {

/// Bytes a second that a host takes back under pressure: what a megabyte costs beside a second of
/// work that is lost.
constexpr double reclaim_rate = 200e6;

Resources missing_for(const ContainerRecord& record, const Resources& room) {
  auto out = applicant_of(record).request;
  for (std::size_t r = 0; r < resource_count; ++r)
    out[r] = std::max<std::int64_t>(0, out[r] - room[r]);
  return out;
}

/// What it would cost to take from this one.
Incumbent terms_of(CgroupIo& io, const Member& member, PreemptBy by) {
  Incumbent out;
  out.priority = member.record.priority;
  out.holds = applicant_of(member.record).request;
  if (const auto text = io.read(member.path, file::memory_current))
    out.resident = to_number<std::int64_t>(trim(*text)).value_or(0);
  // Who is frozen goes on later; who is killed has worked in vain.
  if (by == PreemptBy::kill)
    out.restart_cost = static_cast<double>(wall_us() - member.record.since_us) / 1e6;
  return out;
}

/// Those that run and hold what they asked for.
Result<std::vector<Member>> running_in(CgroupIo& io, const PoolTree& tree, std::size_t pool) {
  WEIR_TRY(auto members, read_members(io, tree, pool));
  std::erase_if(members, [&](const Member& member) {
    return member.record.arriving || is_preempted(io, member.path);
  });
  return members;
}

Status strike(CgroupIo& io, const CgroupPath& path, PreemptBy by) {
  auto done = by == PreemptBy::freeze ? freeze_for(io, path, FreezeReason::preemption)
                                      : send_kill(io, path);
  if (!done && is_gone(done.error())) return {};
  return done;
}

}  // namespace

bool is_preempted(CgroupIo& io, const CgroupPath& path) {
  const auto reasons = io.attribute(path, attribute::frozen);
  if (!reasons || !*reasons || !FreezeReasons::parse(**reasons).has(FreezeReason::preemption))
    return false;
  // Whoever was killed between the note and the freezing, or thawed it by hand, left it running.
  const auto frozen = io.read(path, file::cgroup_freeze);
  return frozen && trim(*frozen) == "1";
}

ContainerRecord as_counted(CgroupIo& io, const CgroupPath& path, ContainerRecord record) {
  if (!is_preempted(io, path)) return record;
  record.cpu_request = Cores{};
  record.cpu_limit.reset();
  return record;
}

Result<std::vector<Member>> preempt_for(CgroupIo& io, const PoolTree& tree, Books& books,
                                        std::size_t pool, const ContainerRecord& record) {
  const auto& spec = tree.pools[pool].spec;
  std::vector<Member> out;
  if (spec.policy.value != PolicyKind::priority || spec.preempt == Preempt::none) return out;
  const auto by = spec.preempt == Preempt::freeze ? PreemptBy::freeze : PreemptBy::kill;
  WEIR_TRY(const auto room, books.room(pool));
  WEIR_TRY(const auto members, running_in(io, tree, pool));
  std::vector<Incumbent> incumbents;
  for (const auto& member : members) incumbents.push_back(terms_of(io, member, by));
  for (const auto index :
       choose_victims(incumbents, record.priority, missing_for(record, room), by, reclaim_rate)) {
    WEIR_CHECK(strike(io, members[index].path, by));
    out.push_back(members[index]);
  }
  if (!out.empty()) WEIR_CHECK(books.recount(pool, true));
  return out;
}

Result<std::vector<Member>> resume_preempted(CgroupIo& io, const PoolTree& tree, Books& books,
                                             std::size_t pool, std::int64_t above) {
  WEIR_TRY(auto members, read_members(io, tree, pool));
  std::erase_if(members, [&](const Member& member) {
    return member.record.priority < above || !is_preempted(io, member.path);
  });
  std::ranges::stable_sort(members, [](const Member& a, const Member& b) {
    return std::pair{-a.record.priority, a.record.since_us} <
           std::pair{-b.record.priority, b.record.since_us};
  });
  std::vector<Member> out;
  for (const auto& member : members) {
    WEIR_TRY(const auto room, books.room(pool));
    const auto cpu = member.record.cpu_reserved();
    if (cpu.value > room[Resource::cpu]) break;
    // Sums that nobody can read are counted anew: never too low in between.
    WEIR_CHECK(io.set_attribute(tree.pools[pool].path, attribute::books, ""));
    auto thawed = thaw_from(io, member.path, FreezeReason::preemption);
    if (!thawed && !is_gone(thawed.error())) return pass(std::move(thawed));
    WEIR_CHECK(books.recount(pool, true));
    out.push_back(member);
  }
  return out;
}

Status resume_all(CgroupIo& io, const PoolTree& tree, Books& books) {
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    const auto& spec = tree.pools[i].spec;
    const bool in_order =
        spec.policy.value == PolicyKind::priority && spec.preempt == Preempt::freeze;
    // Where the queue is asked first, call_next() does it.
    if (in_order || !tree.pools[i].children.empty()) continue;
    WEIR_CHECK(resume_preempted(io, tree, books, i, std::numeric_limits<std::int64_t>::min()));
  }
  return {};
}

}  // namespace weir
