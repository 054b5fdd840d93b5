// SPDX-License-Identifier: Apache-2.0
#include "list_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <unistd.h>

namespace weir {

// readdir(3) would take four more system calls and a larger buffer, at every start of a container.
Result<std::vector<std::string>> list_folder(int fd) {
  std::vector<std::string> out;
  if (::lseek(fd, 0, SEEK_SET) < 0) return os_fail(errno, "list a folder");
  alignas(dirent64) std::array<char, 4096> buffer;
  for (;;) {
    const auto size = ::getdents64(fd, buffer.data(), buffer.size());
    if (size < 0) return os_fail(errno, "list a folder");
    if (size == 0) break;
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
      at += entry->d_reclen;
    }
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace weir
