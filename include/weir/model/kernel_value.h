// SPDX-License-Identifier: Apache-2.0
// What the values of interface files mean: how they are written, and when two spellings are the
// same.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weir/base/units.h"

namespace weir {

/// memory.max and friends: absent is "max"; whole pages, as the kernel rounds (kernel.md #27).
std::string memory_text(std::optional<Bytes> limit);
/// cpu.max with a period of 100 ms; the quota is at least 1 ms (kernel.md #30).
std::string cpu_max_text(std::optional<Cores> limit);
/// pids.max; the kernel takes at most 4194304 (kernel.md #31), more is "max".
std::string pids_text(std::optional<Tasks> limit);

/// True where `a` and `b` mean the same in `file`: rounding, "max 100000" beside "max", lists of
/// CPUs. Values that do not parse are compared as text.
bool same_value(std::string_view file, std::string_view a, std::string_view b);

/// Whether `to` gives more (greater) or less than `from`; unordered for files without such an
/// order.
std::partial_ordering compare_values(std::string_view file, std::string_view from,
                                     std::string_view to);

/// What a new cgroup's file says, or nothing for a file weir does not set.
std::optional<std::string_view> default_value(std::string_view file);

/// The file's number; absent both for "max" and for text that is no number.
std::optional<std::int64_t> limit_number(std::string_view text);

}  // namespace weir
