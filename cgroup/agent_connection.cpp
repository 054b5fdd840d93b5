// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/agent_connection.h"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "unix_address.h"

namespace weir {
namespace {

/// Somebody else's socket under that path would get to know what is run.
bool is_trusted(int fd) {
  ucred other{};
  socklen_t size = sizeof other;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) == 0 &&
         (other.uid == 0 || other.uid == ::geteuid());
}

ssize_t receive(int fd, char* text, std::size_t size) {
  ssize_t n = 0;
  do n = ::recv(fd, text, size, 0);
  while (n < 0 && errno == EINTR);
  return n;
}

}  // namespace

Result<std::optional<AgentConnection>> AgentConnection::open(const std::string& path,
                                                             std::string_view greeting) {
  WEIR_TRY(const auto address, unix_address(path));
  UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (!fd) return os_fail(errno, "socket");
  // Until it has greeted: an agent that is stopped must not stop everybody.
  const timeval patience{10, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
      return std::optional<AgentConnection>{};
    return os_fail(errno, path);
  }
  if (!is_trusted(fd.get())) return fail(Errc::denied, fmt::format("{}: is not root's", path));
  std::array<char, 64> word{};
  const auto n = receive(fd.get(), word.data(), word.size());
  if (n <= 0) return fail(Errc::failed, "the agent serves nobody more at the moment");
  if (std::string_view{word.data(), static_cast<std::size_t>(n)} != greeting)
    return fail(Errc::failed, "the agent is of another version of weir", "restart the agent");
  const timeval for_ever{};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof for_ever);
  return std::optional{AgentConnection{std::move(fd)}};
}

Result<std::string> AgentConnection::ask(std::string_view message, std::size_t longest_answer) {
  // An agent that hears nobody more has said so already.
  static_cast<void>(!::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL));
  std::string answer(longest_answer, '\0');
  const auto n = receive(fd_.get(), answer.data(), answer.size());
  if (n <= 0) return fail(Errc::failed, "the agent went away without an answer");
  answer.resize(static_cast<std::size_t>(n));
  return answer;
}

}  // namespace weir
