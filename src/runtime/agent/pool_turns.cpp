// SPDX-License-Identifier: Apache-2.0
#include "agent/pool_turns.h"

#include <algorithm>

#include "weir/runtime/freeze.h"

namespace weir {
namespace {

bool came_earlier(const Member& a, const Member& b) {
  return std::pair{a.record.since_us, a.path.str()} < std::pair{b.record.since_us, b.path.str()};
}

}  // namespace

void PoolTurns::learn(const std::vector<Member>& members) {
  for (auto& [key, member] : known_) member.present = false;
  for (const auto& member : members) {
    const std::pair key{member.path.str(), member.record.since_us};
    const auto [at, is_new] = known_.try_emplace(key, Known{last_id_ + 1, member.path});
    at->second.present = true;
    if (!is_new) continue;
    const auto wants = member.record.cpu_reserved();
    rotation_.arrive(++last_id_, wants.value > 0 ? wants.value : capacity_.value);
  }
}

void PoolTurns::forget_absent() {
  std::erase_if(known_, [&](const auto& entry) {
    if (!entry.second.present) rotation_.leave(entry.second.id);
    return !entry.second.present;
  });
}

/// A turn that nobody waits for goes on in whole slices.
AgentTime PoolTurns::next_boundary(AgentTime now) const {
  const auto slices =
      std::max<std::int64_t>(1, (now - turn_began_ + slice_ - Duration{1}) / slice_);
  return turn_began_ + slices * slice_;
}

void PoolTurns::change_turns(AgentTime now) {
  if (turn_ends_ && now >= *turn_ends_ && rotation_.anyone_waits()) {
    rotation_.end_turn();
    // The lateness of one turn is not the next one's loss, unless the whole machine stood still.
    turn_began_ = now - *turn_ends_ < slice_ / 2 ? *turn_ends_ : now;
  } else if (rotation_.running().empty()) {
    turn_began_ = now;
  }
  rotation_.fill();
  turn_ends_ = rotation_.anyone_waits() ? std::optional{next_boundary(now)} : std::nullopt;
}

Status PoolTurns::set_frozen(CgroupIo& io, Known& member, bool frozen) {
  if (member.frozen == frozen) return {};
  auto done = frozen ? freeze_for(io, member.path, FreezeReason::turn)
                     : thaw_from(io, member.path, FreezeReason::turn);
  if (done) member.frozen = frozen;
  // It ended just now; the next step will not find it.
  if (!done && is_gone(done.error())) return {};
  return done;
}

Status PoolTurns::step(CgroupIo& io, std::vector<Member> members, AgentTime now) {
  std::ranges::sort(members, came_earlier);
  learn(members);
  forget_absent();
  change_turns(now);
  const auto running = rotation_.running();
  const auto runs = [&](const Known& member) {
    return std::ranges::find(running, member.id) != running.end();
  };
  Status first;
  for (const bool freezing : {true, false})
    for (auto& [key, member] : known_) {
      if (runs(member) == freezing) continue;
      auto done = set_frozen(io, member, freezing);
      if (!done && first) first = std::move(done);
    }
  return first;
}

std::optional<AgentTime> PoolTurns::end_of_turn() const { return turn_ends_; }

Status PoolTurns::stop(CgroupIo& io) {
  Status first;
  for (auto& [key, member] : known_) {
    auto done = set_frozen(io, member, false);
    if (!done && first) first = std::move(done);
  }
  return first;
}

}  // namespace weir
