// SPDX-License-Identifier: Apache-2.0
// What `weir agent` is made of: independent parts, driven by one loop in one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "weir/base/result.h"
#include "weir/cgroup/poller.h"
#include "weir/runtime/session.h"

namespace weir {

class AgentPart;

/// The loop, as its parts see it.
class AgentLoop {
 public:
  AgentLoop() = default;
  AgentLoop(const AgentLoop&) = delete;
  AgentLoop& operator=(const AgentLoop&) = delete;
  virtual ~AgentLoop() = default;

  /// Calls on_ready of `part` whenever `fd` is ready for `interest`, until unwatch(). The part owns
  /// `fd`, and unwatches it before it closes it.
  virtual Status watch(int fd, Interest interest, AgentPart& part) = 0;
  virtual void unwatch(int fd) = 0;
  /// One line for the administrator: to stderr, which is the journal under systemd.
  virtual void say(std::string_view line) = 0;
};

/// The moment of the loop's present turn; the same for all parts. Parts read no clock themselves.
using AgentTime = std::chrono::steady_clock::time_point;

/// An error that a part returns is printed, and the agent goes on: what can be done about it, the
/// part does at its next tick. Nothing in a part may block for longer than a kernel write takes.
class AgentPart {
 public:
  AgentPart() = default;
  AgentPart(const AgentPart&) = delete;
  AgentPart& operator=(const AgentPart&) = delete;
  virtual ~AgentPart() = default;

  /// For messages: "turns", "requests".
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Once at the start, and again after each change of the configuration. `session` lives until the
  /// next call; nothing of an earlier one may be kept.
  virtual Status configure(Session& session, AgentLoop& loop) = 0;
  /// A watched descriptor is ready, or has an error or a hang-up.
  virtual Status on_ready(int fd, AgentTime now) {
    static_cast<void>(fd);
    static_cast<void>(now);
    return {};
  }
  /// Called after each turn of the loop; does what is due and tells when it wants to be called at
  /// the latest. Nothing: when something happens.
  virtual Result<std::optional<AgentTime>> on_tick(AgentTime now) = 0;
  /// Undoes what must not outlive the agent. Called once, also when another part failed.
  virtual Status stop() { return {}; }
};

}  // namespace weir
