// SPDX-License-Identifier: Apache-2.0
// Tells whoever started this service how it does: the protocol of sd_notify(3), which is one
// datagram, so that no library is needed for it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

class ServiceManager {
 public:
  /// From $NOTIFY_SOCKET and $WATCHDOG_USEC; one that listens to nothing where they are not set.
  static ServiceManager from_environment();

  /// "READY=1", "WATCHDOG=1". Errors are nobody's business: the manager may be gone.
  void tell(std::string_view state) const;
  /// How often it wants to hear WATCHDOG=1: half the time after which it acts.
  [[nodiscard]] std::optional<std::chrono::microseconds> heartbeat() const { return heartbeat_; }

 private:
  std::string socket_;
  std::optional<std::chrono::microseconds> heartbeat_;
};

}  // namespace weir
