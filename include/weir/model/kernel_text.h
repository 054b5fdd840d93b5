// SPDX-License-Identifier: Apache-2.0
// What the kernel prints in its interface files, parsed strictly: a line that is not understood is
// an error and never a zero. Formats: Documentation/admin-guide/cgroup-v2.rst, proc(5).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"
#include "weir/base/units.h"

namespace weir {

using FlatKeyed = std::map<std::string, std::uint64_t, std::less<>>;

/// "key number" lines: cpu.stat, memory.events, cgroup.events, memory.stat.
Result<FlatKeyed> parse_flat_keyed(std::string_view text);
/// A key's number in "key number" lines, or nothing where it is missing.
std::optional<std::uint64_t> flat_value(std::string_view text, std::string_view key);

/// "max" is nothing; else a number of bytes, tasks, ... not above 2^63-1.
Result<std::optional<std::int64_t>> parse_limit(std::string_view text);
Result<std::int64_t> parse_count(std::string_view text);

/// cpu.max: quota and period in microseconds; an absent quota is "max".
struct CpuMax {
  std::optional<std::int64_t> quota_us;
  std::int64_t period_us = 100'000;
  auto operator<=>(const CpuMax&) const = default;
  /// What the quota allows, or nothing without one.
  [[nodiscard]] std::optional<Cores> cores() const;
};
Result<CpuMax> parse_cpu_max(std::string_view text);

/// The "some avg10" of a PSI file in percent.
std::optional<double> parse_some_avg10(std::string_view text);

/// Process ids of cgroup.procs; 0 (a process outside the pid namespace) is left out.
Result<std::vector<int>> parse_pids(std::string_view text);

/// The process a thread belongs to, from /proc/TID/status.
std::optional<int> parse_thread_group(std::string_view text);

/// /proc/meminfo in bytes: "MemTotal" and friends.
std::optional<Bytes> meminfo_value(std::string_view text, std::string_view key);

/// The cgroup v2 path of /proc/PID/cgroup ("0::/a/b" gives "/a/b"); nothing without a v2 line.
std::optional<std::string> parse_proc_cgroup(std::string_view text);

/// mountinfo writes blanks and backslashes of paths as \ooo.
std::string unescape_octal(std::string_view text);

/// Where cgroup2 is mounted, from /proc/self/mountinfo, with its root inside the hierarchy and
/// options.
struct Cgroup2Mount {
  std::string mount_point;
  std::string root;     ///< "/" unless a bind mount or a cgroup namespace's view
  std::string options;  ///< super options: "rw,nsdelegate,memory_recursiveprot"
};
/// The first cgroup2 mount, or nothing. Octal escapes in the path are undone.
std::optional<Cgroup2Mount> find_cgroup2(std::string_view mountinfo);

/// Where the cgroup v1 hierarchy of `controller` is mounted, or nothing: there cgroup2 cannot have
/// it.
std::optional<std::string> find_cgroup1(std::string_view mountinfo, std::string_view controller);

}  // namespace weir
