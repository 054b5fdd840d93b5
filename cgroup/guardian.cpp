// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/guardian.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir {
namespace {

[[noreturn]] void stand_guard(int lifeline, int cgroup_kill, const std::function<void()>& also) {
  // Out of the session, so that the terminal's signals for the job do not reach it.
  ::setsid();
  for (const int fd : {0, 1, 2}) ::close(fd);
  char byte = 0;
  ssize_t n = 0;
  do n = ::read(lifeline, &byte, 1);
  while (n < 0 && errno == EINTR);
  if (n == 0) {
    static_cast<void>(!::write(cgroup_kill, "1", 1));
    also();
  }
  ::_exit(0);
}

}  // namespace

Result<Guardian> Guardian::watch(UniqueFd directory, const std::function<void()>& also) {
  const UniqueFd cgroup_kill{::openat(directory.get(), "cgroup.kill", O_WRONLY | O_CLOEXEC)};
  if (!cgroup_kill) return os_fail(errno, "open cgroup.kill");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return os_fail(errno, "pipe");
  UniqueFd reader{ends[0]}, writer{ends[1]};
  const auto pid = ::fork();
  if (pid < 0) return os_fail(errno, "fork a guardian");
  if (pid == 0) {
    writer.reset();
    stand_guard(reader.get(), cgroup_kill.get(), also);
  }
  return Guardian{pid, std::move(writer)};
}

void Guardian::dismiss() {
  static_cast<void>(!::write(lifeline_.get(), "q", 1));
  lifeline_.reset();
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace weir
