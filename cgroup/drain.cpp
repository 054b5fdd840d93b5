// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/drain.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "weir/cgroup/processes.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

#include "half_moved.h"
#include "patience.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t deepest = 64;
constexpr std::size_t batch_size = 2048;  // processes held at once

Result<std::vector<int>> read_sorted_pids(CgroupIo& io, const CgroupPath& cgroup) {
  auto text = io.read(cgroup, file::cgroup_procs);
  if (!text && is_gone(text.error())) return std::vector<int>{};
  if (!text) return pass(std::move(text));
  WEIR_TRY(auto pids, parse_pids(*text));
  std::ranges::sort(pids);
  return pids;
}

Result<bool> is_populated(CgroupIo& io, const CgroupPath& cgroup) {
  const auto text = io.read(cgroup, file::cgroup_events);
  if (!text && is_gone(text.error())) return false;
  if (!text) return tl::unexpected(text.error());
  return flat_value(*text, "populated").value_or(0) != 0;
}

/// cgroup.procs, open for as long as there is somebody to write into it.
class Entrance {
 public:
  Entrance(CgroupIo& io, const CgroupPath& cgroup) : io_(io), cgroup_(cgroup) {
    if (const auto directory = io.directory(cgroup))
      fd_ = UniqueFd{::openat(directory->get(), "cgroup.procs", O_WRONLY | O_CLOEXEC)};
  }

  /// True where it is in; false where it has ended.
  Result<bool> let_in(int pid) {
    auto written = write(pid);
    if (written) return true;
    if (written.error().sys == ESRCH) return false;
    if (written.error().sys == EINVAL)
      return fail(Errc::conflict,
                  fmt::format("process {} is a kernel thread, the kernel refuses to move it", pid));
    if (written.error().sys == EOPNOTSUPP)
      return fail(Errc::conflict,
                  fmt::format("{}: has threads in cgroups of their own, which cannot be moved as a "
                              "whole",
                              cgroup_.str()));
    return pass(std::move(written));
  }

 private:
  Status write(int pid) {
    std::array<char, 16> text{};
    const auto end = fmt::format_to_n(text.data(), text.size(), "{}", pid).out;
    const auto size = static_cast<std::size_t>(end - text.data());
    if (!fd_) return io_.write(cgroup_, file::cgroup_procs, {text.data(), size});
    if (::write(fd_.get(), text.data(), size) == static_cast<ssize_t>(size)) return {};
    return os_fail(errno, fmt::format("write '{}' to {}/cgroup.procs", pid, cgroup_.str()));
  }

  CgroupIo& io_;
  const CgroupPath& cgroup_;
  UniqueFd fd_;
};

/// Processes of one batch, each held by its descriptor where that was possible.
class Held {
 public:
  explicit Held(std::span<const int> pids) : pids_(pids), fds_(pids.size()) {
    for (std::size_t i = 0; i < pids.size(); ++i)
      fds_[i] = UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pids[i], 0))};
    look_again();
  }

  /// Who has ended by now.
  void look_again() {
    std::vector<pollfd> watched(fds_.size());
    for (std::size_t i = 0; i < fds_.size(); ++i) watched[i] = {fds_[i].get(), POLLIN, 0};
    ended_.assign(fds_.size(), false);
    if (::poll(watched.data(), watched.size(), 0) <= 0) return;
    for (std::size_t i = 0; i < fds_.size(); ++i) ended_[i] = (watched[i].revents & POLLIN) != 0;
  }

  [[nodiscard]] std::size_t size() const { return pids_.size(); }
  [[nodiscard]] int pid(std::size_t i) const { return pids_[i]; }
  [[nodiscard]] bool has_ended(std::size_t i) const { return ended_[i]; }

 private:
  std::span<const int> pids_;
  std::vector<UniqueFd> fds_;
  std::vector<bool> ended_;
};

class Drain {
 public:
  Drain(CgroupIo& io, std::chrono::milliseconds patience)
      : io_(io), deadline_(Clock::now() + patience) {}

  Result<DrainReport> run(const CgroupPath& from, const CgroupPath& to) {
    for (;;) {
      const auto before = report_.moved;
      WEIR_CHECK(pass_over(from, to, 0));
      WEIR_TRY(const bool left, is_populated(io_, from));
      if (!left) return report_;
      if (Clock::now() > deadline_)
        return fail(Errc::failed, fmt::format("{}: is still populated", from.str()));
      again_ = true;
      if (report_.moved == before) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

 private:
  Status pass_over(const CgroupPath& from, const CgroupPath& to, std::size_t depth) {
    WEIR_CHECK(move_one(from, to));
    const auto names = io_.children(from);
    if (!names || depth >= deepest) return {};
    for (const auto& name : *names) {
      WEIR_TRY(const auto below, from.child(name));
      WEIR_TRY(const auto counterpart, to.child(name));
      WEIR_CHECK(pass_over(below, counterpart, depth + 1));
    }
    return {};
  }

  Status move_one(const CgroupPath& from, const CgroupPath& to) {
    WEIR_TRY(const auto pids, read_sorted_pids(io_, from));
    Entrance entrance(io_, to);
    if (again_) {
      // Written by number: their leaders are dead, and so their pids are taken until they end.
      WEIR_TRY(const auto unlisted, half_moved(io_, from, pids));
      for (const auto& member : unlisted) {
        WEIR_TRY(const bool in, entrance.let_in(member.pid));
        report_.moved += in ? 1 : 0;
      }
    }
    const std::span all{pids};
    for (std::size_t at = 0; at < all.size(); at += batch_size)
      WEIR_CHECK(
          move_batch(all.subspan(at, std::min(batch_size, all.size() - at)), from, entrance));
    return {};
  }

  /// Who is listed again after it is held, and lives, is the one that was held. Frozen, it stays
  /// there until it is moved or killed.
  Status move_batch(std::span<const int> pids, const CgroupPath& from, Entrance& entrance) {
    Held held(pids);
    WEIR_TRY(const auto listed, read_sorted_pids(io_, from));
    held.look_again();
    std::vector<std::size_t> moved;
    for (std::size_t i = 0; i < held.size(); ++i) {
      if (held.has_ended(i) || !std::ranges::binary_search(listed, held.pid(i))) continue;
      WEIR_TRY(const bool in, entrance.let_in(held.pid(i)));
      if (in) moved.push_back(i);
    }
    held.look_again();
    for (const auto i : moved) {
      if (held.has_ended(i))
        send_stranger_home(io_, held.pid(i));
      else
        ++report_.moved;
    }
    return {};
  }

  CgroupIo& io_;
  Clock::time_point deadline_;
  DrainReport report_;
  bool again_ = false;  // somebody is there after a pass
};

}  // namespace

Result<bool> freeze(CgroupIo& io, const CgroupPath& cgroup, std::chrono::milliseconds patience) {
  WEIR_CHECK(io.write(cgroup, file::cgroup_freeze, "1"));
  Result<std::string> events;
  const bool frozen = soon(patience, [&] {
    events = io.read(cgroup, file::cgroup_events);
    return !events || flat_value(*events, "frozen").value_or(0) != 0;
  });
  if (!events) return pass(std::move(events));
  return frozen;
}

Result<DrainReport> drain(CgroupIo& io, const CgroupPath& from, const CgroupPath& to,
                          std::chrono::milliseconds patience) {
  allow_many_descriptors();
  return Drain(io, patience).run(from, to);
}

std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch())
      .count();
}

}  // namespace weir
