// SPDX-License-Identifier: Apache-2.0
// What the agent has given up, tried by children of the test on this machine's own kernel.
#include "weir/cgroup/confine_agent.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir/cgroup/precedence.h"

using namespace weir;

namespace {

struct Ended {
  int status;  ///< of the exit, or 1000 + the signal
  std::string stderr_text;
};

/// What became of a child that was confined and did this: `deed` returns what it exits with.
Ended after(const std::function<int()>& deed) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::_exit(confine_agent() ? deed() : 99);
  }
  ::close(ends[1]);
  Ended out{};
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
    out.stderr_text.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  out.status = WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
  return out;
}

int execute() {
  std::array<char*, 1> nothing{nullptr};
  return ::execve("/bin/true", nothing.data(), nothing.data());
}

std::string line_of_status(const std::string& key) {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return line.substr(key.size() + 2);
  return {};
}

unsigned long long hexadecimal(const std::string& text) { return std::stoull(text, nullptr, 16); }

}  // namespace

TEST_CASE("confined: what the agent never does ends it, and the call is named") {
  const auto ends = [](const char* call, const std::function<int()>& deed) {
    const auto ended = after(deed);
    CAPTURE(call);
    CAPTURE(ended.stderr_text);
    CHECK(ended.status == 128 + SIGSYS);
    CHECK(ended.stderr_text.find("weir agent: the system call " + std::string{call} + " is not") ==
          0);
  };
  ends("execve", execute);
  ends("mount", [] { return ::mount("none", "/nowhere", "tmpfs", 0, nullptr); });
  ends("unshare", [] { return ::unshare(CLONE_NEWNS); });
  ends("ptrace", [] { return static_cast<int>(::syscall(SYS_ptrace, 0, 0, 0, 0)); });
  ends("bpf", [] { return static_cast<int>(::syscall(SYS_bpf, 0, 0, 0)); });
  ends("clone",
       [] { return static_cast<int>(::syscall(SYS_clone, SIGCHLD | CLONE_NEWNET, 0, 0, 0, 0)); });
  // A child of it has given up the same.
  const auto of_child = after([] {
    const auto child = ::fork();
    if (child == 0) ::_exit(execute());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  });
  CHECK(of_child.status == 128 + SIGSYS);
}

TEST_CASE("confined: nobody is reached but on this machine, and what looks users up may try") {
  CHECK(after([] { return ::socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0; }).status ==
        EAFNOSUPPORT);
  CHECK(after([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0; }).status == 0);
  CHECK(after([] { return ::syscall(SYS_clone3, nullptr, 0) < 0 ? errno : 0; }).status == ENOSYS);
}

TEST_CASE("confined: it may ask to go first, and does not") {
  const auto asked = after([] {
    const Precedence none;
    return ::sched_getscheduler(0);
  });
  CHECK(asked.status == SCHED_OTHER);
}

TEST_CASE("confined: few capabilities are left, and none comes back") {
  // CAP_DAC_OVERRIDE, CAP_KILL, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_NICE, CAP_SYS_RESOURCE
  const auto wanted = hexadecimal(line_of_status("CapPrm")) & 0x1a80022U;
  const auto left = after([&] {
    if (hexadecimal(line_of_status("CapPrm")) != wanted) return 1;
    if (hexadecimal(line_of_status("CapEff")) != wanted) return 2;
    if (hexadecimal(line_of_status("CapInh")) != 0) return 3;
    if (line_of_status("NoNewPrivs") != "1") return 4;
    return line_of_status("Seccomp") == "2" ? 0 : 5;
  });
  CHECK(left.status == 0);
}
