// SPDX-License-Identifier: Apache-2.0
// Signals that are read from a descriptor instead of handled (signalfd(2)).
#pragma once

#include <optional>
#include <signal.h>
#include <sys/signalfd.h>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

/// Holds signals back from construction to destruction.
class HeldSignals {
 public:
  static Result<HeldSignals> hold(const sigset_t& signals);
  HeldSignals(HeldSignals&&) noexcept = default;
  HeldSignals& operator=(HeldSignals&&) noexcept = default;
  ~HeldSignals();

  /// The next one that came, if any.
  [[nodiscard]] std::optional<signalfd_siginfo> next();
  /// Becomes readable when one has come.
  [[nodiscard]] int descriptor() const { return fd_.get(); }
  /// The mask from before, which a child must start with.
  [[nodiscard]] const sigset_t& previous_mask() const { return previous_; }

 private:
  HeldSignals(UniqueFd fd, sigset_t previous) : fd_(std::move(fd)), previous_(previous) {}
  UniqueFd fd_;
  sigset_t previous_;
};

}  // namespace weir
