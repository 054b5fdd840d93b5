// SPDX-License-Identifier: Apache-2.0
// Containers that the agent made for ordinary users, from their command's beginning until their
// cgroup is gone: what `weir run` of root's does for itself.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "weir/cgroup/request_socket.h"
#include "weir/model/agent_message.h"
#include "weir/runtime/agent_part.h"
#include "weir/runtime/containers.h"

namespace weir {

/// Of those who want to know when one container is gone; each keeps descriptors open.
inline constexpr std::size_t most_waiting = 8;

struct Guest {
  enum class Phase {
    runs,   ///< its command does
    asked,  ///< the command has ended; SIGTERM went to what it left
    killed,
  };
  ContainerRecord record;
  HeldProcess command;
  std::optional<HeldProcess> parent = {};  ///< when it dies, so does the container
  bool leave = false;
  Phase phase = Phase::runs;
  AgentTime deadline = {};                ///< of the phase
  std::vector<RequestPeer> waiting = {};  ///< want to know when it is gone
};

class Guests {
 public:
  /// Watched by `part` of `loop`, which hands on_ready and step on.
  void configure(Session& session, AgentLoop& loop, AgentPart& part);

  /// Takes on a container whose command has just been moved into `path`, and notes in the cgroup
  /// itself what a later agent must know of it.
  void add(Guest guest, const CgroupPath& path);
  /// Takes on those of an agent that is no more.
  void adopt();
  /// The one of this name, if it is the agent's to end.
  Guest* find(const ContainerName& name);
  /// Ends one that is there already, for release: kills what lives in it.
  void kill(const ContainerRecord& record, RequestPeer peer, AgentTime now);

  /// True where `fd` is one of theirs.
  bool on_ready(int fd, AgentTime now);
  /// Brings those that end a step further; when to come again.
  std::optional<AgentTime> step(AgentTime now);

 private:
  void adopt(const Member& member);
  void watch(const Guest& guest);
  void unwatch(const Guest& guest);
  void end(Guest& guest, AgentTime now);
  /// Nothing: not yet. Else how it went.
  std::optional<Status> advance(Guest& guest, AgentTime now);
  Status remove(const Guest& guest, const CgroupPath& path);

  Session* session_ = nullptr;
  AgentLoop* loop_ = nullptr;
  AgentPart* part_ = nullptr;
  std::vector<Guest> guests_;
};

}  // namespace weir
