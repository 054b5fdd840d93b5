// SPDX-License-Identifier: Apache-2.0
// What a service is told by signals, read from a descriptor instead of handled.
#pragma once

#include <optional>
#include <signal.h>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

enum class ServiceSignal {
  stop,    ///< SIGTERM, SIGINT
  reload,  ///< SIGHUP
};

/// Holds these signals back for as long as it lives, and ignores SIGPIPE for good.
class SignalInbox {
 public:
  static Result<SignalInbox> open();
  SignalInbox(SignalInbox&&) noexcept = default;
  SignalInbox& operator=(SignalInbox&&) noexcept = default;
  ~SignalInbox();

  /// The next signal that came, if any.
  [[nodiscard]] std::optional<ServiceSignal> next();
  [[nodiscard]] int descriptor() const { return fd_.get(); }

 private:
  SignalInbox(UniqueFd fd, sigset_t previous) : fd_(std::move(fd)), previous_(previous) {}
  UniqueFd fd_;
  sigset_t previous_;
};

}  // namespace weir
