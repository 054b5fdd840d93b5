// SPDX-License-Identifier: Apache-2.0
// A process that waits for the death of this one, to do what must be done then.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

class Watchman {
 public:
  /// Forks. When this process is dead, however it died, `when_dead` runs in the child, which keeps
  /// nothing open of what this process has open: it must open for itself what it needs. It leaves
  /// the session, and SIGTERM ends it. `name` is what ps shows, at most 15 bytes. Single-threaded
  /// callers only.
  static Result<Watchman> start(const std::string& name, const std::function<void()>& when_dead);

  Watchman(Watchman&& other) noexcept;
  Watchman& operator=(Watchman&& other) noexcept;
  /// It is not needed any more.
  ~Watchman();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Becomes readable when the watchman itself has died.
  [[nodiscard]] int descriptor() const { return pidfd_.get(); }

 private:
  Watchman(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  void end() noexcept;
  pid_t pid_;
  UniqueFd pidfd_;
};

}  // namespace weir
