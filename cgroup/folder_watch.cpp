// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/folder_watch.h"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace weir {

Result<FolderWatch> FolderWatch::open() {
  UniqueFd fd{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  if (!fd) return os_fail(errno, "inotify_init");
  return FolderWatch{std::move(fd)};
}

Status FolderWatch::add(const std::string& path) {
  constexpr std::uint32_t mask =
      IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_ONLYDIR;
  if (::inotify_add_watch(fd_.get(), path.c_str(), mask) < 0)
    return os_fail(errno, fmt::format("watch {}", path));
  return {};
}

bool FolderWatch::take_news() {
  std::array<char, 16384> buffer;
  bool news = false;
  while (::read(fd_.get(), buffer.data(), buffer.size()) > 0) news = true;
  return news;
}

}  // namespace weir
