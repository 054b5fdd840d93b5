// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/ticket_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "ticket_file.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
constexpr milliseconds between_looks{500};

bool has_no_room(int error) { return error == EMFILE || error == ENOSPC || error == ENOMEM; }

}  // namespace

Result<TicketWatch> TicketWatch::start() {
  UniqueFd fd{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  if (!fd && !has_no_room(errno)) return os_fail(errno, "inotify_init1");
  return TicketWatch{std::move(fd)};
}

Status TicketWatch::watch(const TicketFolder& folder, const std::string& own,
                          const std::string& before) {
  const bool other = before != std::exchange(before_name_, before);
  if (other && inotify_ && before_ >= 0)
    ::inotify_rm_watch(inotify_.get(), std::exchange(before_, -1));
  if (other) {
    before_file_.reset();
    if (!before.empty()) before_file_ = open_ticket(folder.notes().directory(), before, O_RDONLY);
  }
  if (inotify_) {
    WEIR_TRY(const bool watched, watch_by_inotify(folder, own));
    if (!watched) inotify_.reset();
  }
  if (!inotify_) WEIR_CHECK(watch_by_looking(folder, own));
  missed_ = !before.empty() && (!before_file_ || is_dead(before_file_));
  if (missed_) before_name_.clear();
  return {};
}

Result<bool> TicketWatch::watch_by_inotify(const TicketFolder& folder, const std::string& own) {
  const auto add = [&](const std::string& name, std::uint32_t what) {
    const auto path = fmt::format("/proc/self/fd/{}/{}", folder.notes().directory().get(), name);
    return ::inotify_add_watch(inotify_.get(), path.c_str(), what);
  };
  if (own_ < 0) own_ = add(own, IN_MODIFY | IN_ATTRIB);
  if (own_ < 0 && has_no_room(errno)) return false;
  if (own_ < 0) return os_fail(errno, fmt::format("watch ticket {}", own));
  if (before_ >= 0 || before_name_.empty()) return true;
  // Its holder's death closes it; its removal changes the number of its links.
  before_ = add(before_name_, IN_CLOSE_WRITE | IN_ATTRIB);
  return before_ >= 0 || !has_no_room(errno);
}

Status TicketWatch::watch_by_looking(const TicketFolder& folder, const std::string& own) {
  if (!own_file_) own_file_ = open_ticket(folder.notes().directory(), own, O_RDONLY);
  struct stat info {};
  if (!own_file_ || ::fstat(own_file_.get(), &info) < 0)
    return os_fail(errno, fmt::format("watch ticket {}", own));
  own_written_ = info.st_mtim;
  return {};
}

bool TicketWatch::has_changed() const {
  struct stat own {
  }, before{};
  if (::fstat(own_file_.get(), &own) < 0 || own.st_nlink == 0) return true;
  if (own.st_mtim.tv_sec != own_written_.tv_sec || own.st_mtim.tv_nsec != own_written_.tv_nsec)
    return true;
  if (!before_file_) return false;
  return ::fstat(before_file_.get(), &before) < 0 || before.st_nlink == 0 || is_dead(before_file_);
}

void TicketWatch::sleep(milliseconds at_most, int interrupt) {
  if (std::exchange(missed_, false)) return;
  std::array<pollfd, 2> watched{pollfd{interrupt, POLLIN, 0}, pollfd{inotify_.get(), POLLIN, 0}};
  if (inotify_) {
    ::poll(watched.data(), watched.size(), static_cast<int>(at_most.count()));
    std::array<char, 4096> events{};
    while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    }
    return;
  }
  const auto until = Clock::now() + at_most;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
    const auto nap = std::clamp(left, milliseconds{0}, between_looks);
    if (::poll(watched.data(), 1, static_cast<int>(nap.count())) != 0) return;
    if (left <= nap || has_changed()) return;
  }
}

}  // namespace weir
