// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/identity.h"

#include <chrono>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"

namespace weir {

Self self() { return {::getpid(), ::getuid()}; }

std::int64_t wall_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::string default_name() {
  std::uint16_t random = 0;
  // Without entropy the clock must do: the name only has to differ, mkdir decides.
  if (::getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
    random = static_cast<std::uint16_t>(wall_us());
  return fmt::format("run-{}-{:04x}", ::getpid(), random);
}

std::int64_t steady_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::string own_command_line() {
  const auto text = read_small_file("/proc/self/cmdline").value_or("");
  std::string out;
  for (const auto word : split(text, '\0')) {
    if (word == "--") break;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return std::string{trim(out)};
}

}  // namespace weir
