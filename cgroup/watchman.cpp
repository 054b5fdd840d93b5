// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/watchman.h"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir {
namespace {

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

void close_all_but(int kept) {
  if (kept > 0) ::close_range(0, static_cast<unsigned>(kept) - 1, 0);
  ::close_range(static_cast<unsigned>(kept) + 1, ~0U, 0);
}

void listen_to_signals_again() {
  sigset_t none;
  sigemptyset(&none);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::signal(number, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void wait_for_end(int pidfd) {
  pollfd watched{pidfd, POLLIN, 0};
  while (::poll(&watched, 1, -1) < 0 && errno == EINTR) continue;
}

[[noreturn]] void stand_watch(const std::string& name, int pidfd,
                              const std::function<void()>& when_dead) {
  ::prctl(PR_SET_NAME, name.c_str());
  ::setsid();
  close_all_but(pidfd);
  listen_to_signals_again();
  wait_for_end(pidfd);
  when_dead();
  ::_exit(0);
}

}  // namespace

Result<Watchman> Watchman::start(const std::string& name, const std::function<void()>& when_dead) {
  const auto self = open_pidfd(::getpid());
  if (!self) return os_fail(errno, "pidfd_open");
  const auto pid = ::fork();
  if (pid < 0) return os_fail(errno, "fork a guardian");
  if (pid == 0) stand_watch(name, self.get(), when_dead);
  auto pidfd = open_pidfd(pid);
  if (!pidfd) {
    const int sys = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return os_fail(sys, "pidfd_open");
  }
  return Watchman{pid, std::move(pidfd)};
}

Watchman::Watchman(Watchman&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

Watchman& Watchman::operator=(Watchman&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  return *this;
}

Watchman::~Watchman() { end(); }

void Watchman::end() noexcept {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

}  // namespace weir
