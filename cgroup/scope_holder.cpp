// SPDX-License-Identifier: Apache-2.0
#include "scope_holder.h"

#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace weir {
namespace {

[[noreturn]] void hold(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  ::prctl(PR_SET_NAME, "weir-holder");
  // Out of the session, so that the terminal's signals for the job do not end it; and nothing of
  // the caller's is kept open.
  ::setsid();
  ::close_range(0, ~0U, 0);
  for (;;) ::pause();
}

}  // namespace

Result<ScopeHolder> ScopeHolder::start() {
  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid < 0) return os_fail(errno, "fork a process to hold the scope");
  if (pid == 0) hold(parent);
  return ScopeHolder{pid};
}

ScopeHolder::ScopeHolder(ScopeHolder&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

ScopeHolder& ScopeHolder::operator=(ScopeHolder&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

ScopeHolder::~ScopeHolder() { end(); }

void ScopeHolder::end() noexcept {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

}  // namespace weir
