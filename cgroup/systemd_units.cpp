// SPDX-License-Identifier: Apache-2.0
#include "systemd_units.h"

#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace weir {

void look_again_for_units() { ::utimensat(AT_FDCWD, "/run/systemd/system", nullptr, 0); }

Status forget_properties(const std::string& unit) {
  const auto folder = fmt::format("/run/systemd/system.control/{}.d", unit);
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) return os_fail(error.value(), fmt::format("remove {}", folder));
  return {};
}

std::optional<std::string> device_number(const std::string& path) {
  constexpr std::string_view by_number = "/dev/block/";
  if (path.starts_with(by_number)) return path.substr(by_number.size());
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISBLK(info.st_mode)) return std::nullopt;
  return fmt::format("{}:{}", major(info.st_rdev), minor(info.st_rdev));
}

}  // namespace weir
