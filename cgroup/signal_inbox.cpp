// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/signal_inbox.h"

#include <cerrno>
#include <sys/signalfd.h>
#include <unistd.h>

namespace weir {

Result<SignalInbox> SignalInbox::open() {
  sigset_t set, previous;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  ::signal(SIGPIPE, SIG_IGN);
  if (::sigprocmask(SIG_BLOCK, &set, &previous) < 0) return os_fail(errno, "sigprocmask");
  UniqueFd fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) {
    const int sys = errno;
    ::sigprocmask(SIG_SETMASK, &previous, nullptr);
    return os_fail(sys, "signalfd");
  }
  return SignalInbox{std::move(fd), previous};
}

SignalInbox::~SignalInbox() {
  if (fd_) ::sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

std::optional<ServiceSignal> SignalInbox::next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info))
    return std::nullopt;
  return info.ssi_signo == SIGHUP ? ServiceSignal::reload : ServiceSignal::stop;
}

}  // namespace weir
