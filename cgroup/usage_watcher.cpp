// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/usage_watcher.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/openat2.h>
#include <span>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "weir/model/kernel_files.h"

namespace weir {
namespace {

/// The first that is missing in a cgroup that exists belongs to a controller that is off.
constexpr std::array container_files{file::cpu_stat,     file::memory_current, file::memory_events,
                                     file::cpu_pressure, file::memory_stat,    file::pids_current};
constexpr std::array pool_files{file::cpu_stat,     file::memory_current, file::memory_events,
                                file::cpu_pressure, file::memory_stat,    file::memory_pressure,
                                file::pids_current, file::io_stat};
constexpr std::size_t parts_index = 4;
static_assert(container_files[parts_index] == file::memory_stat &&
              pool_files[parts_index] == file::memory_stat);

std::span<const std::string_view> files_of(Detail detail) {
  return detail == Detail::pool ? std::span<const std::string_view>{pool_files}
                                : std::span<const std::string_view>{container_files};
}

/// Descriptors this process may have open, after asking for as many as it can get.
std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit most{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &most) == 0) limit = most;
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

/// memory.stat costs more than all other files together, and moves when memory.current does.
constexpr std::int64_t worth_a_look = 1 << 20;

}  // namespace

UsageWatcher::UsageWatcher(UniqueFd root, std::size_t spare) : root_(std::move(root)) {
  static_assert(pool_files.size() <= most_files && container_files.size() <= most_files);
  const auto limit = descriptor_limit();
  budget_ = limit > spare ? limit - spare : 0;
}

std::size_t UsageWatcher::follow(const CgroupPath& cgroup, Detail detail) {
  if (const auto at = by_path_.find(cgroup.str()); at != by_path_.end()) return at->second;
  std::size_t slot = slots_.size();
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].path = cgroup.str();
  slots_[slot].detail = detail;
  open_files(slots_[slot]);
  by_path_.emplace(cgroup.str(), slot);
  return slot;
}

void UsageWatcher::forget(const CgroupPath& cgroup) {
  const auto at = by_path_.find(cgroup.str());
  if (at == by_path_.end()) return;
  close_files(slots_[at->second]);
  slots_[at->second] = Slot{};
  free_.push_back(at->second);
  by_path_.erase(at);
}

bool UsageWatcher::refresh(std::size_t index) {
  auto& slot = slots_[index];
  const auto names = files_of(slot.detail);
  bool alive = refresh_file(slot, 0, names[0]);
  for (std::size_t i = 1; i < names.size(); ++i)
    if (i != parts_index) refresh_file(slot, i, names[i]);
  const auto moved = std::abs(slot.reading.usage.memory - slot.parts_at);
  if (slot.parts_at < 0 || moved >= worth_a_look) refresh_parts(slot, parts_index);
  return alive;
}

bool UsageWatcher::read(const CgroupPath& cgroup, Detail detail, Reading& out) {
  const auto slot = follow(cgroup, detail);
  if (!refresh(slot)) {
    forget(cgroup);  // another may be made under this name
    return false;
  }
  out = slots_[slot].reading;
  return true;
}

void UsageWatcher::open_files(Slot& slot) {
  const auto names = files_of(slot.detail);
  if (open_ + names.size() > budget_) return;
  for (std::size_t i = 0; i < names.size(); ++i) {
    slot.files[i].fd = open_file(slot, names[i]).release();
    if (slot.files[i].fd >= 0) ++open_;
  }
}

void UsageWatcher::close_files(Slot& slot) {
  for (auto& file : slot.files) {
    if (file.fd < 0) continue;
    const UniqueFd closed{std::exchange(file.fd, -1)};
    --open_;
  }
}

UniqueFd UsageWatcher::open_file(const Slot& slot, std::string_view name) const {
  std::string path = slot.path;
  if (!path.empty()) path += '/';
  path += name;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(O_RDONLY | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return UniqueFd{
      static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how))};
}

bool UsageWatcher::refresh_file(Slot& slot, std::size_t index, std::string_view name) {
  std::array<char, 16384> buffer;  // memory.stat has about two thousand bytes
  auto& file = slot.files[index];
  const UniqueFd opened = file.fd >= 0 ? UniqueFd{} : open_file(slot, name);
  const int fd = file.fd >= 0 ? file.fd : opened.get();
  if (fd < 0) return false;
  const auto n = ::pread(fd, buffer.data(), buffer.size(), 0);
  if (n < 0) return false;  // ENODEV: the cgroup was removed
  const std::string_view text{buffer.data(), static_cast<std::size_t>(n)};
  if (text == file.text) return true;
  file.text.assign(text);
  if (index == parts_index)
    slot.reading.parts = parse_memory_parts(text);
  else
    take_statistics(slot.reading.usage, name, text);
  return true;
}

void UsageWatcher::refresh_parts(Slot& slot, std::size_t index) {
  refresh_file(slot, index, file::memory_stat);
  slot.parts_at = slot.reading.usage.memory;
}

}  // namespace weir
