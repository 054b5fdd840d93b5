// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/held_signals.h"

#include <cerrno>
#include <unistd.h>

namespace weir {

Result<HeldSignals> HeldSignals::hold(const sigset_t& signals) {
  sigset_t previous;
  if (::sigprocmask(SIG_BLOCK, &signals, &previous) < 0) return os_fail(errno, "sigprocmask");
  UniqueFd fd{::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) {
    const int sys = errno;
    ::sigprocmask(SIG_SETMASK, &previous, nullptr);
    return os_fail(sys, "signalfd");
  }
  return HeldSignals{std::move(fd), previous};
}

HeldSignals::~HeldSignals() {
  if (fd_) ::sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

std::optional<signalfd_siginfo> HeldSignals::next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info))
    return std::nullopt;
  return info;
}

}  // namespace weir
