// SPDX-License-Identifier: Apache-2.0
// One round-robin pool: whose turn it is, brought about by the freezer.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weir/cgroup/io.h"
#include "weir/policy/rotation.h"
#include "weir/runtime/agent_part.h"
#include "weir/runtime/containers.h"

namespace weir {

/// Keeps no descriptor and reads no clock; what it froze says so in its attribute (freeze.h).
class PoolTurns {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// `capacity`: what the members of one turn may want together. Who asked for no CPU has the turn
  /// for itself.
  PoolTurns(Cores capacity, Duration slice)
      : capacity_(capacity), slice_(slice), rotation_(capacity.value) {}

  /// Lets in who came and out who left (`members` as they are now), ends the turn where it is over,
  /// and freezes and thaws accordingly: first who stands still from now on, so that two turns do
  /// not overlap. An error is about one container; the others have been seen to.
  Status step(CgroupIo& io, std::vector<Member> members, AgentTime now);

  /// When the present turn is over. Nothing while nobody waits for his.
  [[nodiscard]] std::optional<AgentTime> end_of_turn() const;

  /// Everybody runs.
  Status stop(CgroupIo& io);

 private:
  struct Known {
    Rotation::Id id;
    CgroupPath path;
    bool frozen = false;  ///< by a turn
    bool present = true;
  };

  void learn(const std::vector<Member>& members);
  void forget_absent();
  void change_turns(AgentTime now);
  Status set_frozen(CgroupIo& io, Known& member, bool frozen);
  [[nodiscard]] AgentTime next_boundary(AgentTime now) const;

  Cores capacity_;
  Duration slice_;
  Rotation rotation_;
  Rotation::Id last_id_ = 0;
  /// By path and time of admission: a container of the same name is another one.
  std::map<std::pair<std::string, std::int64_t>, Known> known_;
  AgentTime turn_began_{};
  std::optional<AgentTime> turn_ends_;
};

}  // namespace weir
