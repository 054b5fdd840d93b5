// SPDX-License-Identifier: Apache-2.0
// The agent's socket, seen from the agent: who is at the other end, and what do they say?
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "weir/base/unique_fd.h"
#include "weir/cgroup/processes.h"
#include "weir/model/process_ids.h"

namespace weir {

/// One connection. The process that made it is held by pidfd from its acceptance on, so that its
/// pid is nobody else's for as long as it is alive.
class RequestPeer {
 public:
  [[nodiscard]] int descriptor() const { return fd_.get(); }
  [[nodiscard]] std::uint32_t uid() const { return uid_; }
  [[nodiscard]] int process_id() const { return pid_; }

  /// A whole message of at most `at_most` bytes from the process that connected. Nothing: none is
  /// there yet. An empty one: the other end is closed. Errc::denied where another process sent it,
  /// or descriptors came along (which the kernel has dropped).
  Result<std::optional<std::string>> receive(std::size_t at_most);

  /// False where the other end is gone, or does not read.
  bool send(std::string_view message) const;

  /// Users and groups of the process as they are now. Errc::denied where it has ended, is another
  /// one, is not the user who connected, or has gained or laid down rights.
  [[nodiscard]] Result<ProcessIds> identify() const;

  /// Its parent, held as well; nothing where that has ended.
  [[nodiscard]] std::optional<HeldProcess> hold_parent() const;

  /// Gives the process away, to be watched until its end; what is left can only send.
  HeldProcess take_process() { return std::move(process_); }

 private:
  friend class RequestSocket;
  RequestPeer(UniqueFd fd, std::uint32_t uid, HeldProcess process)
      : fd_(std::move(fd)), uid_(uid), pid_(process.stat.pid), process_(std::move(process)) {}
  UniqueFd fd_;
  std::uint32_t uid_;
  int pid_;
  HeldProcess process_;
};

class RequestSocket {
 public:
  /// Listens at `path`, for everybody; what lay there is replaced. Removed at the end.
  static Result<RequestSocket> listen(const std::string& path);
  RequestSocket(RequestSocket&&) noexcept = default;
  RequestSocket& operator=(RequestSocket&&) noexcept = default;
  ~RequestSocket();

  [[nodiscard]] int descriptor() const { return fd_.get(); }
  /// The next connection, greeted with `greeting`. Nothing: there is none. A connection whose maker
  /// has ended is dropped.
  Result<std::optional<RequestPeer>> accept(std::string_view greeting);

 private:
  RequestSocket(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  UniqueFd fd_;
  std::string path_;
};

}  // namespace weir
