// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/pressure_trigger.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace weir {

Result<UniqueFd> watch_pressure(const UniqueFd& directory, std::string_view file,
                                std::chrono::milliseconds stall, std::chrono::milliseconds window) {
  UniqueFd fd{::openat(directory.get(), std::string{file}.c_str(),
                       O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd) return os_fail(errno, fmt::format("open {}", file));
  using std::chrono::microseconds;
  const auto text =
      fmt::format("some {} {}", microseconds{stall}.count(), microseconds{window}.count());
  // The kernel wants the NUL at its end as well.
  if (::write(fd.get(), text.c_str(), text.size() + 1) < 0)
    return os_fail(errno, fmt::format("write '{}' to {}", text, file));
  return fd;
}

}  // namespace weir
