// SPDX-License-Identifier: Apache-2.0
// Passing signals on to a child that shares the terminal.
#pragma once

#include <signal.h>

#include "weir/cgroup/held_signals.h"

namespace weir {

/// Holds back every signal that can be passed on, from construction to destruction. What the
/// terminal sends goes to the whole process group, the child included, and is not passed on a
/// second time.
class SignalRelay {
 public:
  static Result<SignalRelay> start();

  /// The mask from before, which a child must start with.
  [[nodiscard]] const sigset_t& previous_mask() const { return signals_.previous_mask(); }

  /// Passes on what came until now, the terminal's signals too: those from before the clone reached
  /// this process alone. For a child that still holds signals back: one that it got as well is
  /// pending there already and stays one (signal(7), standard signals do not queue).
  void relay_early(const UniqueFd& pidfd);

  /// Passes signals on to the process of `pidfd` until it has ended (it is not reaped).
  Status relay_until_exit(const UniqueFd& pidfd);

  /// Reads the signals that came while there is no child yet: whether one of them asks to end. A
  /// stop from the terminal stops this process until it is continued.
  bool asked_to_end();

  /// A descriptor that becomes readable when a signal is held back (signalfd(2)).
  [[nodiscard]] int descriptor() const { return signals_.descriptor(); }

 private:
  explicit SignalRelay(HeldSignals signals) : signals_(std::move(signals)) {}
  HeldSignals signals_;
};

}  // namespace weir
