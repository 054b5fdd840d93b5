// SPDX-License-Identifier: Apache-2.0
// How the kernel itself reads what is written to interface files, mistakes included.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weir/model/cpu_set.h"

namespace weir::testing {

/// A value that the kernel took, or the errno with which it refuses.
template <class T>
struct Taken {
  T value{};
  int error = 0;
};

/// kstrtoull(.., 0, ..): "+7", "0x10" and "010" are numbers, one line end may follow.
Taken<std::uint64_t> kstrtoull(std::string_view text);
Taken<std::int64_t> kstrtoll(std::string_view text);
Taken<int> kstrtoint(std::string_view text);

/// page_counter_memparse(): "max", suffixes, whole pages; numbers wrap (kernel.md #27). In bytes;
/// nothing is "max".
Taken<std::optional<std::uint64_t>> memory_limit(std::string_view text);

/// cpu_period_quota_parse(): the text that cpu.max shows afterwards. `now` is what it shows before.
Taken<std::string> cpu_bandwidth(std::string_view text, std::string_view now);

/// pids_max_write().
Taken<std::string> task_limit(std::string_view text);

/// The limits of one device in the order rbps, wbps, riops, wiops; UINT64_MAX is "max".
using DeviceLimits = std::array<std::uint64_t, 4>;
inline constexpr DeviceLimits no_device_limits{~0ULL, ~0ULL, ~0ULL, ~0ULL};

/// tg_set_limit(): what the keys behind "MAJOR:MINOR" make of the limits there are.
Taken<DeviceLimits> device_limits(std::string_view keys, const DeviceLimits& now);

/// cpulist_parse() on a machine with the CPUs 0 to `cpus` - 1.
Taken<CpuSet> cpu_list(std::string_view text, int cpus);

}  // namespace weir::testing
