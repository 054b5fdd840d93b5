// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/signals.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weir {
namespace {

/// All but those that cannot be caught, that report a fault of this very process, or that are about
/// its own children and its own place on the terminal.
sigset_t relayed_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int signal : {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT,
                           SIGSYS, SIGCHLD, SIGTTIN, SIGTTOU})
    sigdelset(&set, signal);
  return set;
}

/// SI_KERNEL: the terminal's interrupt, quit, suspend, hang-up or resize, which the child got as
/// well.
bool came_from_terminal(const signalfd_siginfo& info) { return info.ssi_code == SI_KERNEL; }

void pass_on(const signalfd_siginfo& info, int pidfd) {
  // A child that ended meanwhile needs no signal.
  ::syscall(SYS_pidfd_send_signal, pidfd, static_cast<int>(info.ssi_signo), nullptr, 0);
}

/// A stopped job is stopped whole.
void stop_along(const signalfd_siginfo& info) {
  if (info.ssi_signo == SIGTSTP) ::raise(SIGSTOP);
}

}  // namespace

Result<SignalRelay> SignalRelay::start() {
  WEIR_TRY(auto signals, HeldSignals::hold(relayed_signals()));
  return SignalRelay{std::move(signals)};
}

void SignalRelay::relay_early(const UniqueFd& pidfd) {
  while (const auto info = signals_.next()) {
    pass_on(*info, pidfd.get());
    stop_along(*info);
  }
}

bool SignalRelay::asked_to_end() {
  bool end = false;
  while (const auto info = signals_.next()) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
      end = end || info->ssi_signo == static_cast<std::uint32_t>(signal);
    stop_along(*info);
  }
  return end;
}

Status SignalRelay::relay_until_exit(const UniqueFd& pidfd) {
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{pidfd.get(), POLLIN, 0},
                                  pollfd{signals_.descriptor(), POLLIN, 0}};
    if (::poll(watched.data(), watched.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return os_fail(errno, "poll");
    }
    while (const auto info = signals_.next()) {
      if (!came_from_terminal(*info)) pass_on(*info, pidfd.get());
      stop_along(*info);
    }
    if ((watched[0].revents & POLLIN) != 0) return {};
  }
}

}  // namespace weir
