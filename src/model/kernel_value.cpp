// SPDX-License-Identifier: Apache-2.0
#include "weir/model/kernel_value.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>

#include "weir/base/text.h"
#include "weir/model/block.h"
#include "weir/model/cpu_set.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

constexpr std::int64_t period_us = 100'000;
constexpr std::int64_t min_quota_us = 1000;
constexpr std::int64_t max_pids = 4'194'304;
constexpr auto unlimited = std::numeric_limits<std::int64_t>::max();

struct Default {
  std::string_view file, value;
};
constexpr std::array defaults{
    Default{file::cpu_weight, "100"},      Default{file::cpu_max, "max 100000"},
    Default{file::memory_min, "0"},        Default{file::memory_low, "0"},
    Default{file::memory_high, "max"},     Default{file::memory_max, "max"},
    Default{file::memory_swap_max, "max"}, Default{file::memory_oom_group, "0"},
    Default{file::pids_max, "max"},        Default{file::cpuset_cpus, ""},
    Default{file::cgroup_freeze, "0"},     Default{file::io_max, ""},
};

/// A number that orders the values of `file`, or nothing where the text does not parse.
std::optional<std::int64_t> rank(std::string_view name, std::string_view text) {
  if (name == file::cpu_max) {
    const auto parsed = parse_cpu_max(text);
    if (!parsed) return std::nullopt;
    const auto cores = parsed->cores();
    return cores ? cores->value : unlimited;
  }
  const auto parsed = parse_limit(text);
  if (!parsed) return std::nullopt;
  if (!*parsed) return unlimited;
  return name.starts_with("memory.") && name != file::memory_oom_group
             ? page_floor(Bytes{**parsed}).value
             : **parsed;
}

/// More of one rate and less of another has no order.
std::partial_ordering compare_io_max(std::string_view from, std::string_view to) {
  const auto before = parse_io_max(from);
  const auto after = parse_io_max(to);
  if (!before || !after) return std::partial_ordering::unordered;
  auto devices = *before;
  devices.insert(after->begin(), after->end());
  const auto rates = [](const IoMax& of, DeviceNumber device) {
    const auto at = of.find(device);
    return at == of.end() ? IoRates{} : at->second;
  };
  bool more = false, less = false;
  for (const auto& [device, unused] : devices)
    for (const auto r : all_io_rates) {
      const auto old_rate = rates(*before, device)[r].value_or(unlimited);
      const auto new_rate = rates(*after, device)[r].value_or(unlimited);
      more = more || new_rate > old_rate;
      less = less || new_rate < old_rate;
    }
  if (more && less) return std::partial_ordering::unordered;
  if (!more && !less) return std::partial_ordering::equivalent;
  return more ? std::partial_ordering::greater : std::partial_ordering::less;
}

bool is_cpu_list(std::string_view name) { return name == file::cpuset_cpus; }

}  // namespace

std::string memory_text(std::optional<Bytes> limit) {
  return limit ? std::to_string(page_floor(*limit).value) : std::string{file::no_limit};
}

std::string cpu_max_text(std::optional<Cores> limit) {
  if (!limit) return std::string{*default_value(file::cpu_max)};
  const auto quota = static_cast<__int128>(limit->value) * period_us / micro_per_core;
  return fmt::format(
      "{} {}", std::max<std::int64_t>(static_cast<std::int64_t>(quota), min_quota_us), period_us);
}

std::string pids_text(std::optional<Tasks> limit) {
  return limit && limit->value < max_pids ? std::to_string(limit->value)
                                          : std::string{file::no_limit};
}

bool same_value(std::string_view name, std::string_view a, std::string_view b) {
  a = trim(a);
  b = trim(b);
  if (a == b) return true;
  if (is_cpu_list(name)) {
    const auto left = CpuSet::parse(a);
    const auto right = CpuSet::parse(b);
    return left && right && *left == *right;
  }
  if (name == file::io_max) return compare_io_max(a, b) == std::partial_ordering::equivalent;
  const auto left = rank(name, a);
  const auto right = rank(name, b);
  return left && right && *left == *right;
}

std::partial_ordering compare_values(std::string_view name, std::string_view from,
                                     std::string_view to) {
  if (is_cpu_list(name)) {
    const auto old_set = CpuSet::parse(from);
    const auto new_set = CpuSet::parse(to);
    if (!old_set || !new_set) return std::partial_ordering::unordered;
    if (*old_set == *new_set) return std::partial_ordering::equivalent;
    if (new_set->empty() || old_set->is_subset_of(*new_set)) return std::partial_ordering::greater;
    return std::partial_ordering::less;
  }
  if (name == file::io_max) return compare_io_max(from, to);
  const auto old_rank = rank(name, from);
  const auto new_rank = rank(name, to);
  if (!old_rank || !new_rank) return std::partial_ordering::unordered;
  return *new_rank <=> *old_rank;
}

std::optional<std::string_view> default_value(std::string_view name) {
  for (const auto& entry : defaults)
    if (entry.file == name) return entry.value;
  return std::nullopt;
}

std::optional<std::int64_t> limit_number(std::string_view text) {
  const auto parsed = parse_limit(text);
  return parsed ? *parsed : std::nullopt;
}

}  // namespace weir
