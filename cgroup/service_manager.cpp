// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/service_manager.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/base/unique_fd.h"

namespace weir {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// WATCHDOG_PID says for whom it is meant: a wrapper may have handed its environment on.
std::optional<std::chrono::microseconds> watchdog() {
  const auto interval = to_number<std::int64_t>(variable("WATCHDOG_USEC"));
  if (!interval || *interval <= 0) return std::nullopt;
  const auto pid = variable("WATCHDOG_PID");
  if (!pid.empty() && to_number<int>(pid) != ::getpid()) return std::nullopt;
  return std::chrono::microseconds{*interval / 2};
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager out;
  const auto socket = variable("NOTIFY_SOCKET");
  const bool usable = socket.size() > 1 && (socket[0] == '/' || socket[0] == '@') &&
                      socket.size() < sizeof(sockaddr_un::sun_path);
  if (usable) out.socket_ = socket;
  if (usable) out.heartbeat_ = watchdog();
  return out;
}

void ServiceManager::tell(std::string_view state) const {
  if (socket_.empty()) return;
  const UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = '\0';  // an abstract name (unix(7))
  const auto length = offsetof(sockaddr_un, sun_path) + socket_.size();
  static_cast<void>(::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address),
                             static_cast<socklen_t>(length)));
}

}  // namespace weir
