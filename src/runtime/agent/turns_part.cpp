// SPDX-License-Identifier: Apache-2.0
#include "agent/turns_part.h"

#include <algorithm>

#include "weir/policy/desired.h"
#include "weir/runtime/freeze.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds default_slice{1000};
// `run` is between mkdir and the record for microseconds; `place` takes its time, and a cgroup that
// is not weir's stays.
constexpr milliseconds shortest_nap{20}, longest_nap{1000};
// A pool that is not applied yet has no folder to watch.
constexpr milliseconds unapplied_patience{1000};

struct Present {
  std::vector<Member> members;
  bool complete = true;  ///< else somebody is arriving
};

Result<Present> look(CgroupIo& io, const PoolTree& tree, std::size_t pool) {
  Present out;
  WEIR_TRY(out.members, read_members(io, tree, pool));
  const auto names = io.children(tree.pools[pool].path);
  out.complete = names && names->size() == out.members.size();
  const auto arrives = [](const Member& member) { return member.record.arriving; };
  if (std::erase_if(out.members, arrives) > 0) out.complete = false;
  return out;
}

}  // namespace

Status TurnsPart::configure(Session& session, AgentLoop& loop) {
  auto stopped = session_ ? stop() : Status{};
  pools_.clear();
  session_ = &session;
  loop_ = &loop;
  if (folders_) loop.unwatch(folders_->descriptor());
  WEIR_TRY(folders_, FolderWatch::open());
  WEIR_CHECK(loop.watch(folders_->descriptor(), Interest::readable, *this));
  const auto entitled = entitlements(session.tree);
  for (std::size_t i = 0; i < session.tree.pools.size(); ++i) {
    const auto& pool = session.tree.pools[i];
    if (pool.spec.policy.value != PolicyKind::round_robin || !pool.children.empty()) continue;
    pools_.push_back({i, PoolTurns{entitled.cpu[i], pool.spec.slice_time.value_or(default_slice)}});
  }
  if (!pools_.empty()) WEIR_CHECK(announce_turns(session.run_dir));
  return stopped;
}

Status TurnsPart::on_ready(int, AgentTime) {
  // on_tick looks at every pool; what it needs to know is only that there is something to see.
  if (!folders_->take_news()) return {};
  for (auto& rotating : pools_) {
    rotating.look_again = AgentTime{};
    rotating.nap = {};
  }
  return {};
}

Status TurnsPart::step(Rotating& rotating, AgentTime now) {
  const auto ends = rotating.turns.end_of_turn();
  const bool due = (rotating.look_again && now >= *rotating.look_again) || (ends && now >= *ends);
  if (!due) return {};
  rotating.look_again.reset();
  const auto& path = session_->tree.pools[rotating.pool].path;
  // Each time: the folder may be another one under the same name.
  const auto watched = folders_->add(session_->host.cgroup->mount + "/" + path.str());
  const auto present = look(session_->io, session_->tree, rotating.pool);
  if (!watched || !present) rotating.look_again = now + unapplied_patience;
  if (!present) return tl::unexpected(present.error());
  rotating.nap =
      present->complete ? milliseconds{} : std::clamp(rotating.nap * 2, shortest_nap, longest_nap);
  if (!present->complete) rotating.look_again = now + rotating.nap;
  return rotating.turns.step(session_->io, present->members, now);
}

Result<std::optional<AgentTime>> TurnsPart::on_tick(AgentTime now) {
  std::optional<AgentTime> next;
  const auto take = [&](const std::optional<AgentTime>& when) {
    if (when) next = next ? std::min(*next, *when) : *when;
  };
  for (auto& rotating : pools_) {
    // The other pools' turns go on.
    if (const auto done = step(rotating, now); !done) loop_->say(done.error().message);
    take(rotating.look_again);
    take(rotating.turns.end_of_turn());
  }
  return next;
}

Status TurnsPart::stop() {
  Status first;
  for (auto& rotating : pools_) {
    auto done = rotating.turns.stop(session_->io);
    if (!done && first) first = std::move(done);
  }
  return first;
}

}  // namespace weir
