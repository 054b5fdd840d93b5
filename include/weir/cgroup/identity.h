// SPDX-License-Identifier: Apache-2.0
// Who asks, and when: what a container's record says of its beginning.
#pragma once

#include <cstdint>
#include <string>

namespace weir {

struct Self {
  int pid = 0;
  std::uint32_t uid = 0;
};
Self self();

/// Microseconds since the epoch.
std::int64_t wall_us();

/// "run-PID-XXXX", XXXX random.
std::string default_name();

/// Microseconds on the clock that runs from boot and is never set.
std::int64_t steady_us();

/// The words this process was started with, up to "--": what follows is somebody else's.
std::string own_command_line();

}  // namespace weir
