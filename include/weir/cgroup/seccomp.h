// SPDX-License-Identifier: Apache-2.0
// From a profile to the program that the kernel runs at each system call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"
#include "weir/model/seccomp.h"

namespace weir {

/// Instructions of classic BPF (struct sock_filter), ready to be loaded by a child that only makes
/// system calls.
struct SeccompFilter {
  std::vector<std::uint64_t> program;
  unsigned flags = 0;  ///< of seccomp(2)
};

/// Errc::usage where the profile names an architecture that there is none, or a system call
/// that this machine's libseccomp does not know in a rule that is stricter than the default: it
/// would silently not hold. In a rule that allows more it is left out.
Result<SeccompFilter> compile(const SeccompProfile& profile);

/// Loads the filter into this process, which has one thread, with CAP_SYS_ADMIN or no_new_privs.
/// Only system calls: for a child between clone and exec. 0 or an errno.
int load(const SeccompFilter& filter);

/// What the conditional rules of docker's profiles ask about.
struct Machine {
  std::string_view architecture;  ///< "amd64"
  int kernel_major = 0, kernel_minor = 0;
};
Machine this_machine();

}  // namespace weir
