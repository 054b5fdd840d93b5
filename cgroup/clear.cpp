// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/clear.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include "weir/cgroup/files.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

#include "half_moved.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kill_patience{30'000};  // cgroup.kill of 10,000 took 3.4 s (kernel.md #45)
constexpr milliseconds remove_patience{2'000};
// The kernel does not report every change of a frozen cgroup that is killed (kernel-notes, 73).
constexpr milliseconds longest_nap{100};
constexpr std::size_t deepest = 64;

/// 1, 0, or nothing where the cgroup is gone.
Result<std::optional<bool>> populated(CgroupIo& io, const CgroupPath& cgroup) {
  auto text = io.read(cgroup, file::cgroup_events);
  if (!text && is_gone(text.error())) return std::optional<bool>{};
  if (!text) return pass(std::move(text));
  return std::optional{flat_value(*text, "populated").value_or(0) != 0};
}

/// cgroup.events, open for as long as somebody waits. poll(2) reports what changed since the last
/// read of this very descriptor (kernel.md #17), so reading and waiting must share it.
class Events {
 public:
  Events(CgroupIo& io, const CgroupPath& cgroup) : io_(io), cgroup_(cgroup) {
    if (auto file = io.open_events(cgroup)) fd_ = std::move(*file);
  }

  /// Nothing where the cgroup is gone.
  Result<std::optional<bool>> read_populated() {
    if (!fd_) return populated(io_, cgroup_);
    std::array<char, 256> text{};
    const auto n = ::pread(fd_.get(), text.data(), text.size(), 0);
    if (n < 0 && errno == ENODEV) return std::optional<bool>{};
    if (n < 0) return os_fail(errno, fmt::format("read {}/cgroup.events", cgroup_.str()));
    const std::string_view read{text.data(), static_cast<std::size_t>(n)};
    return std::optional{flat_value(read, "populated").value_or(0) != 0};
  }

  void sleep_until_change(milliseconds patience) const {
    if (!fd_) {
      std::this_thread::sleep_for(std::min(patience, milliseconds{5}));
      return;
    }
    pollfd watched{fd_.get(), POLLPRI, 0};
    ::poll(&watched, 1, static_cast<int>(patience.count()));
  }

 private:
  CgroupIo& io_;
  const CgroupPath& cgroup_;
  UniqueFd fd_;
};

bool lives_within(const Occupant& member, const CgroupPath& cgroup) {
  const auto text = read_small_file(fmt::format("/proc/{}/task/{}/cgroup", member.pid, member.tid));
  const auto path = text ? parse_proc_cgroup(*text) : std::nullopt;
  // The tree may be mounted from somewhere inside the hierarchy: compare the end, at a slash.
  if (!path) return false;
  const auto needle = "/" + cgroup.str();
  const auto at = path->rfind(needle);
  if (at == std::string::npos) return false;
  const auto end = at + needle.size();
  return end == path->size() || (*path)[end] == '/' || (*path)[end] == '\n';
}

void signal_process(const Occupant& member, int signal, const CgroupPath& cgroup) {
  const UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, member.pid, 0))};
  // Gone since it was listed, or somewhere else: nothing to do.
  if (!pidfd || !lives_within(member, cgroup)) return;
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

/// A signal to each process in a cgroup and below.
Status signal_all(CgroupIo& io, const CgroupPath& cgroup, int signal, std::size_t depth = 0) {
  WEIR_TRY(const auto pids, read_ids(io, cgroup, file::cgroup_procs));
  WEIR_TRY(auto members, half_moved(io, cgroup, pids));
  for (const int pid : pids) members.push_back({pid, pid});
  for (const auto& member : members) signal_process(member, signal, cgroup);
  const auto names = io.children(cgroup);
  if (!names || depth >= deepest) return {};
  for (const auto& name : *names)
    if (const auto child = cgroup.child(name))
      WEIR_CHECK(signal_all(io, *child, signal, depth + 1));
  return {};
}

Status remove_below(CgroupIo& io, const CgroupPath& cgroup, std::size_t depth) {
  const auto names = io.children(cgroup);
  if (names && depth < deepest)
    for (const auto& name : *names)
      if (const auto child = cgroup.child(name))
        ignore(remove_below(io, *child, depth + 1), "removing the parent tells what is in the way");
  auto removed = io.remove(cgroup);
  if (!removed && is_gone(removed.error())) return {};
  return removed;
}

}  // namespace

Result<bool> wait_unpopulated(CgroupIo& io, const CgroupPath& cgroup, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  Events events(io, cgroup);
  for (;;) {
    WEIR_TRY(const auto now, events.read_populated());
    if (!now.value_or(false)) return true;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    events.sleep_until_change(std::min(left, longest_nap));
  }
}

Status terminate(CgroupIo& io, const CgroupPath& cgroup) { return signal_all(io, cgroup, SIGTERM); }

Status remove_tree(CgroupIo& io, const CgroupPath& cgroup) {
  const auto deadline = Clock::now() + remove_patience;
  milliseconds nap{1};
  for (;;) {
    auto removed = remove_below(io, cgroup, 0);
    if (removed || removed.error().sys != EBUSY || Clock::now() > deadline) return removed;
    const auto alive = populated(io, cgroup);
    if (alive && alive->value_or(false)) return removed;
    std::this_thread::sleep_for(nap);
    nap = std::min(nap * 2, milliseconds{50});
  }
}

Status send_kill(CgroupIo& io, const CgroupPath& cgroup) {
  auto killed = io.write(cgroup, file::cgroup_kill, "1");
  if (!killed) return is_gone(killed.error()) ? Status{} : std::move(killed);
  return signal_all(io, cgroup, SIGKILL);
}

Status kill_all(CgroupIo& io, const CgroupPath& cgroup) {
  auto killed = io.write(cgroup, file::cgroup_kill, "1");
  if (!killed && is_gone(killed.error())) return {};
  if (!killed) return killed;
  const auto deadline = Clock::now() + kill_patience;
  for (auto nap = longest_nap;; nap *= 2) {
    WEIR_TRY(const bool empty, wait_unpopulated(io, cgroup, nap));
    if (empty) return {};
    if (Clock::now() > deadline)
      return fail(Errc::failed, fmt::format("{}: processes are still there {} s after cgroup.kill",
                                            cgroup.str(), kill_patience.count() / 1000));
    // The kernel spares who came in without its leader, and on 6.1 who has lost it since
    // (kernel-notes, 44).
    WEIR_CHECK(signal_all(io, cgroup, SIGKILL));
  }
}

Status kill_and_remove(CgroupIo& io, const CgroupPath& cgroup) {
  WEIR_CHECK(kill_all(io, cgroup));
  return remove_tree(io, cgroup);
}

Status empty_out(CgroupIo& io, const CgroupPath& cgroup, milliseconds grace) {
  WEIR_TRY(const auto alive, populated(io, cgroup));
  if (!alive.value_or(false)) return {};
  WEIR_CHECK(terminate(io, cgroup));
  WEIR_TRY(const bool empty, wait_unpopulated(io, cgroup, grace));
  return empty ? Status{} : kill_all(io, cgroup);
}

}  // namespace weir
