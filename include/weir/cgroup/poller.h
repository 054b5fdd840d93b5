// SPDX-License-Identifier: Apache-2.0
// Waits for descriptors and for a time: epoll(7) behind a class.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

enum class Interest {
  readable,  ///< EPOLLIN
  writable,  ///< EPOLLOUT
  priority,  ///< EPOLLPRI: pressure triggers, cgroup.events, memory.events
};

class Poller {
 public:
  using Clock = std::chrono::steady_clock;

  static Result<Poller> open();

  /// `fd` stays the caller's. Errors and hang-ups are always reported.
  Status watch(int fd, Interest interest);
  void unwatch(int fd);
  /// The descriptors that are ready, at most 64; none when `until` has come. Without `until`: waits
  /// for as long as it takes.
  Result<std::vector<int>> wait(std::optional<Clock::time_point> until);
  [[nodiscard]] static Clock::time_point now() { return Clock::now(); }

 private:
  explicit Poller(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace weir
