// SPDX-License-Identifier: Apache-2.0
#include "unix_address.h"

#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>

namespace weir {

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(Errc::usage, fmt::format("{}: too long for a socket", path),
                "name a folder with a shorter path with --run-dir");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace weir
