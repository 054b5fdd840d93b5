// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/signal_inbox.h"

namespace weir {

Result<SignalInbox> SignalInbox::open() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  ::signal(SIGPIPE, SIG_IGN);
  WEIR_TRY(auto signals, HeldSignals::hold(set));
  return SignalInbox{std::move(signals)};
}

std::optional<ServiceSignal> SignalInbox::next() {
  const auto info = signals_.next();
  if (!info) return std::nullopt;
  return info->ssi_signo == SIGHUP ? ServiceSignal::reload : ServiceSignal::stop;
}

}  // namespace weir
