// SPDX-License-Identifier: Apache-2.0
#include "confine.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>

#include "capabilities.h"

namespace weir {
namespace {

constexpr int status_of_violation = 128 + SIGSYS;
/// More system calls than any architecture has.
constexpr std::size_t most_calls = 512;

/// What a signal handler can say without asking anybody.
struct Complaint {
  std::array<char, 64> who{};
  std::array<std::array<char, 32>, most_calls> names{};
};
Complaint complaint;  // NOLINT: a handler has nothing else

template <std::size_t n>
void keep(std::array<char, n>& out, std::string_view text) {
  out.fill('\0');
  std::ranges::copy(text.substr(0, n - 1), out.begin());
}

void prepare(std::string_view who) {
  keep(complaint.who, who);
  for (std::size_t number = 0; number < most_calls; ++number) {
    char* name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number));
    keep(complaint.names[number], name ? name : "unknown");
    std::free(name);  // NOLINT: libseccomp's
  }
}

void say(const char* text) {
  // Nobody is left to hear of it where this fails.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, text, std::char_traits<char>::length(text));
}

void end_by_violation(int /*signal*/, siginfo_t* info, void* /*context*/) {
  const auto number = static_cast<std::size_t>(std::max(info->si_syscall, 0));
  say(complaint.who.data());
  say(": the system call ");
  say(number < most_calls ? complaint.names[number].data() : "unknown");
  say(" is not among those it may make: ended\n");
  ::_exit(status_of_violation);
}

Status catch_violations() {
  struct sigaction action {};
  action.sa_sigaction = end_by_violation;
  action.sa_flags = SA_SIGINFO;
  if (::sigaction(SIGSYS, &action, nullptr) < 0) return os_fail(errno, "sigaction SIGSYS");
  return {};
}

Status keep_only(std::span<const int> kept) {
  Capabilities now;
  if (const int sys = now.get(); sys != 0) return os_fail(sys, "capget");
  for (std::size_t word = 0; word < now.data.size(); ++word) {
    unsigned mask = 0;
    for (const int capability : kept)
      if (static_cast<std::size_t>(capability) / 32 == word) mask |= 1U << (capability % 32);
    auto& sets = now.data[word];
    sets.permitted &= mask;
    sets.effective = sets.permitted;
    sets.inheritable = 0;
  }
  if (const int sys = now.set(); sys != 0) return os_fail(sys, "capset");
  return {};
}

}  // namespace

Status confine(std::string_view who, std::span<const int> kept, const SeccompFilter& filter) {
  prepare(who);
  WEIR_CHECK(catch_violations());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return os_fail(errno, "no_new_privs");
  WEIR_CHECK(keep_only(kept));
  // Where it runs under a filter already, that one must let seccomp(2) through.
  if (const int sys = load(filter); sys != 0) return os_fail(sys, "load the system call filter");
  return {};
}

}  // namespace weir
