// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/config_writer.h"

#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"

namespace weir {

namespace {

Status make_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  const auto folder = path.substr(0, slash);
  if (::mkdir(folder.c_str(), 0755) < 0 && errno != EEXIST)
    return os_fail(errno, printable(folder, 400));
  return {};
}

}  // namespace

Status write_new_config(const std::string& path, const std::string& text) {
  if (::access(path.c_str(), F_OK) == 0)
    return fail(Errc::conflict, fmt::format("{}: exists already", printable(path, 400)),
                "edit it, or name another file with --config");
  return write_config(path, text);
}

Status write_config(const std::string& path, const std::string& text) {
  WEIR_CHECK(make_folder_of(path));
  return replace_file(path, text, 0644);
}

Status remove_config(const std::string& path) {
  if (::unlink(path.c_str()) < 0) return os_fail(errno, printable(path, 400));
  return {};
}

Status make_folders(const std::string& path) {
  for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const auto folder = path.substr(0, slash);
    if (::mkdir(folder.c_str(), 0755) < 0 && errno != EEXIST)
      return os_fail(errno, printable(folder, 400));
    if (slash == std::string::npos) return {};
  }
}

}  // namespace weir
