// SPDX-License-Identifier: Apache-2.0
// What a service is told by signals, read from a descriptor instead of handled.
#pragma once

#include <optional>

#include "weir/cgroup/held_signals.h"

namespace weir {

enum class ServiceSignal {
  stop,    ///< SIGTERM, SIGINT
  reload,  ///< SIGHUP
};

/// Holds these signals back for as long as it lives, and ignores SIGPIPE for good.
class SignalInbox {
 public:
  static Result<SignalInbox> open();
  /// The next signal that came, if any.
  [[nodiscard]] std::optional<ServiceSignal> next();
  [[nodiscard]] int descriptor() const { return signals_.descriptor(); }

 private:
  explicit SignalInbox(HeldSignals signals) : signals_(std::move(signals)) {}
  HeldSignals signals_;
};

}  // namespace weir
