// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/poller.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/epoll.h>

namespace weir {
namespace {

std::uint32_t events_of(Interest interest) {
  switch (interest) {
    case Interest::readable:
      return EPOLLIN;
    case Interest::writable:
      return EPOLLOUT;
    case Interest::priority:
      return EPOLLPRI;
  }
  return 0;
}

/// Rounded up: a wait that ends before its time would only be followed by another.
int milliseconds_until(Poller::Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Poller::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

}  // namespace

Result<Poller> Poller::open() {
  UniqueFd fd{::epoll_create1(EPOLL_CLOEXEC)};
  if (!fd) return os_fail(errno, "epoll_create");
  return Poller{std::move(fd)};
}

Status Poller::watch(int fd, Interest interest) {
  epoll_event event{};
  event.events = events_of(interest);
  event.data.fd = fd;
  if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) < 0 &&
      (errno != EEXIST || ::epoll_ctl(fd_.get(), EPOLL_CTL_MOD, fd, &event) < 0))
    return os_fail(errno, fmt::format("watch descriptor {}", fd));
  return {};
}

void Poller::unwatch(int fd) { ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr); }

Result<std::vector<int>> Poller::wait(std::optional<Clock::time_point> until) {
  std::array<epoll_event, 64> events;
  const int n = ::epoll_wait(fd_.get(), events.data(), static_cast<int>(events.size()),
                             until ? milliseconds_until(*until) : -1);
  if (n < 0 && errno != EINTR) return os_fail(errno, "epoll_wait");
  std::vector<int> ready;
  for (int i = 0; i < n; ++i) ready.push_back(events[static_cast<std::size_t>(i)].data.fd);
  return ready;
}

}  // namespace weir
