// SPDX-License-Identifier: Apache-2.0
// Compiled filters on this machine's own kernel, in children of the test.
#include "weir/cgroup/seccomp.h"

#include <cerrno>
#include <csignal>
#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace weir;
using Kind = SeccompAction::Kind;

namespace {

SeccompProfile profile(SeccompAction by_default, std::vector<SeccompRule> rules) {
  SeccompProfile out;
  out.default_action = by_default;
  out.rules = std::move(rules);
  return out;
}

const SeccompAction allow{Kind::allow, 0};
SeccompAction error(int number) { return {Kind::error, static_cast<std::uint16_t>(number)}; }

/// What became of a child that loaded the filter and made one call: its errno, or 128 + signal.
int after_call(const SeccompProfile& wanted, long number, long argument = 0) {
  const auto filter = compile(wanted);
  REQUIRE_MESSAGE(filter.has_value(), filter.error().message);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || load(*filter) != 0) ::_exit(99);
    const long rc = ::syscall(number, argument, 0, 0);
    ::_exit(rc < 0 ? errno : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("seccomp: a denied call gets the errno, others go through") {
  const auto wanted = profile(allow, {{{"getppid"}, error(77), {}}});
  CHECK(after_call(wanted, SYS_getppid) == 77);
  CHECK(after_call(wanted, SYS_getpid) == 0);
}

TEST_CASE("seccomp: a call can kill") {
  const auto wanted = profile(allow, {{{"getppid"}, {Kind::kill_process, 0}, {}}});
  CHECK(after_call(wanted, SYS_getppid) == 128 + SIGSYS);
}

TEST_CASE("seccomp: arguments are compared, and one named twice stands for two rules") {
  using Op = SeccompArgument::Op;
  const auto on = [](std::vector<SeccompArgument> arguments) {
    return profile(allow, {{{"getppid"}, error(5), std::move(arguments)}});
  };
  const auto masked = on({{0, Op::masked_equal, 6, 4}});
  CHECK(after_call(masked, SYS_getppid, 5) == 5);
  CHECK(after_call(masked, SYS_getppid, 6) == 0);
  const auto twice = on({{0, Op::equal, 1, 0}, {0, Op::equal, 2, 0}});
  CHECK(after_call(twice, SYS_getppid, 1) == 5);
  CHECK(after_call(twice, SYS_getppid, 2) == 5);
  CHECK(after_call(twice, SYS_getppid, 3) == 0);
  const auto both = on({{0, Op::equal, 1, 0}, {1, Op::equal, 1, 0}});
  CHECK(after_call(both, SYS_getppid, 1) == 0);
}

TEST_CASE("seccomp: an unknown call is an error where the rule takes away, else left out") {
  CHECK(compile(profile(error(1), {{{"read", "of_the_future"}, allow, {}}})).has_value());
  const auto refused = compile(profile(allow, {{{"of_the_future"}, error(1), {}}}));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("of_the_future") != std::string::npos);
}

TEST_CASE("seccomp: an unknown architecture is an error") {
  auto wanted = profile(allow, {});
  wanted.architectures = {"SCMP_ARCH_PDP11"};
  CHECK_FALSE(compile(wanted).has_value());
  wanted.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
  CHECK(compile(wanted).has_value());
}
