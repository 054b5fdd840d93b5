// SPDX-License-Identifier: Apache-2.0
// This thread's capabilities. Only system calls.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weir {

/// glibc has no wrapper, and libcap would be a library for three lines.
struct Capabilities {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};

  /// Both: 0 or an errno.
  int get() { return ::syscall(SYS_capget, &header, data.data()) == 0 ? 0 : errno; }
  int set() { return ::syscall(SYS_capset, &header, data.data()) == 0 ? 0 : errno; }
};

}  // namespace weir
