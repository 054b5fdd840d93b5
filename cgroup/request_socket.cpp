// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/request_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/cgroup/files.h"

#include "unix_address.h"

namespace weir {
namespace {

constexpr int backlog = 256;

tl::unexpected<Error> denied(std::string message) { return fail(Errc::denied, std::move(message)); }

/// The sender, which the kernel vouches for; nothing where it says nothing.
std::optional<ucred> sender_of(msghdr& header) {
  for (auto* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(part), sizeof sender);
    return sender;
  }
  return std::nullopt;
}

bool is_transient(int sys) {
  return sys == EAGAIN || sys == EINTR || sys == ECONNABORTED || sys == EPROTO;
}

}  // namespace

Result<std::optional<std::string>> RequestPeer::receive(std::size_t at_most) {
  std::string text(at_most + 1, '\0');
  // Room for the sender alone: descriptors find none, and the kernel closes them.
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  iovec part{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const auto n = ::recvmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return std::optional<std::string>{};
  if (n < 0) return os_fail(errno, "read a request");
  text.resize(static_cast<std::size_t>(n));
  if (text.empty()) return std::optional{std::move(text)};
  const auto sender = sender_of(header);
  if ((header.msg_flags & MSG_CTRUNC) != 0) return denied("descriptors came with the message");
  if ((header.msg_flags & MSG_TRUNC) != 0 || text.size() > at_most)
    return fail(Errc::usage, fmt::format("message: longer than {} bytes", at_most));
  if (!sender || sender->pid != process_.stat.pid || sender->uid != uid_)
    return denied("the message is not from the process that connected");
  return std::optional{std::move(text)};
}

bool RequestPeer::send(std::string_view message) const {
  return ::send(fd_.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(message.size());
}

Result<ProcessIds> RequestPeer::identify() const {
  const int pid = process_.stat.pid;
  const auto status = read_small_file(fmt::format("/proc/{}/status", pid));
  const auto stat = read_process_stat(pid);
  // Asked last: what was read belongs to it if it still lives.
  if (!status || !stat || stat->start_time != process_.stat.start_time || !process_.is_alive())
    return denied("the process that asked has ended");
  WEIR_TRY(auto ids, parse_process_ids(*status));
  if (!ids.is_plain()) return denied("the process that asked runs a setuid or setgid program");
  if (ids.users.front() != uid_) return denied("the process that asked has changed its user");
  return ids;
}

std::optional<HeldProcess> RequestPeer::hold_parent() const {
  const auto stat = read_process_stat(process_.stat.pid);
  if (!stat || stat->parent <= 1) return std::nullopt;
  auto parent = hold_process(stat->parent);
  const auto again = read_process_stat(process_.stat.pid);
  if (!parent || !again || again->parent != stat->parent) return std::nullopt;
  return std::move(*parent);
}

Result<RequestSocket> RequestSocket::listen(const std::string& path) {
  WEIR_TRY(const auto address, unix_address(path));
  UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return os_fail(errno, "socket");
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) return os_fail(errno, path);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    return os_fail(errno, path);
  // Whoever may ask is for the pools to say.
  if (::chmod(path.c_str(), 0666) < 0 || ::listen(fd.get(), backlog) < 0)
    return os_fail(errno, path);
  return RequestSocket{std::move(fd), path};
}

RequestSocket::~RequestSocket() {
  if (fd_) ::unlink(path_.c_str());
}

Result<std::optional<RequestPeer>> RequestSocket::accept(std::string_view greeting) {
  for (;;) {
    UniqueFd fd{::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!fd && errno == EAGAIN) return std::optional<RequestPeer>{};
    if (!fd && is_transient(errno)) continue;
    if (!fd) return os_fail(errno, "accept");
    ucred maker{};
    socklen_t size = sizeof maker;
    const int on = 1;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &maker, &size) < 0 ||
        ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
      continue;
    auto process = hold_process(maker.pid);
    if (!process) continue;
    RequestPeer peer{std::move(fd), maker.uid, std::move(*process)};
    if (peer.send(greeting)) return std::optional{std::move(peer)};
  }
}

}  // namespace weir
