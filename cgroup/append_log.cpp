// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/append_log.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/base/unique_fd.h"

namespace weir {
namespace {

UniqueFd open_log(const std::string& path) {
  // Never waits: a FIFO in its place would hold up every command.
  return UniqueFd{::open(
      path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640)};
}

}  // namespace

Status append_line(const std::string& path, std::string line) {
  if (line.size() >= longest_log_line) line.resize(longest_log_line - 1);
  line += '\n';
  auto fd = open_log(path);
  if (!fd && errno == ENOENT) {
    const auto folder = path.substr(0, path.rfind('/'));
    if (::mkdir(folder.c_str(), 0750) < 0 && errno != EEXIST) return os_fail(errno, folder);
    fd = open_log(path);
  }
  if (!fd) return os_fail(errno, path);
  struct stat info {};
  if (::fstat(fd.get(), &info) < 0) return os_fail(errno, path);
  if (!S_ISREG(info.st_mode))
    return fail(Errc::failed, fmt::format("{} is not a regular file", path));
  const auto n = ::write(fd.get(), line.data(), line.size());
  if (n < 0) return os_fail(errno, fmt::format("append to {}", path));
  if (static_cast<std::size_t>(n) != line.size())
    return fail(Errc::failed, fmt::format("append to {}: short write", path));
  return {};
}

}  // namespace weir
