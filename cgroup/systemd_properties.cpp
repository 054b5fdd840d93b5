// SPDX-License-Identifier: Apache-2.0
#include "systemd_properties.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>

#include "weir/base/text.h"
#include "weir/model/block.h"
#include "weir/model/cpu_set.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"

namespace weir {
namespace {

struct Name {
  std::string_view file, property;
};

/// Files that hold one number or "max".
constexpr std::array numbers{
    Name{file::cpu_weight, "CPUWeight"}, Name{file::memory_min, "MemoryMin"},
    Name{file::memory_low, "MemoryLow"}, Name{file::memory_high, "MemoryHigh"},
    Name{file::memory_max, "MemoryMax"}, Name{file::memory_swap_max, "MemorySwapMax"},
    Name{file::pids_max, "TasksMax"}};

/// In the order of all_io_rates.
constexpr std::array<std::string_view, 4> io_properties{"IOReadBandwidthMax", "IOWriteBandwidthMax",
                                                        "IOReadIOPSMax", "IOWriteIOPSMax"};
constexpr std::string_view cpu_quota = "CPUQuotaPerSecUSec", cpu_period = "CPUQuotaPeriodUSec",
                           allowed_cpus = "AllowedCPUs";
constexpr std::uint64_t default_period_us = 100'000, second_us = 1'000'000;

using Properties = std::vector<UnitProperty>;

tl::unexpected<Error> no_property(std::string_view name, std::string_view value) {
  return fail(Errc::failed,
              fmt::format("{} = '{}' is nothing systemd knows", name, printable(value, 100)));
}

Result<Properties> quota_properties(std::string_view value) {
  const auto words = split_words(value);
  if (words.empty() || words.size() > 2) return no_property(file::cpu_max, value);
  const auto period =
      words.size() == 2 ? to_number<std::uint64_t>(words[1]) : std::optional{default_period_us};
  if (!period || *period == 0) return no_property(file::cpu_max, value);
  if (words[0] == file::no_limit) return Properties{{std::string{cpu_quota}, infinite}};
  const auto quota = to_number<std::uint64_t>(words[0]);
  if (!quota || *quota > infinite / second_us) return no_property(file::cpu_max, value);
  return Properties{{std::string{cpu_quota}, *quota * second_us / *period},
                    {std::string{cpu_period}, *period}};
}

Result<Properties> cpus_property(std::string_view value) {
  WEIR_TRY(const auto cpus, CpuSet::parse(value));
  std::vector<std::uint8_t> bits;
  for (const int cpu : cpus.cpus()) {
    const auto at = static_cast<std::size_t>(cpu) / 8;
    if (bits.size() <= at) bits.resize(at + 1);
    bits[at] = static_cast<std::uint8_t>(bits[at] | (1U << (static_cast<unsigned>(cpu) % 8)));
  }
  return Properties{{std::string{allowed_cpus}, std::move(bits)}};
}

Result<Properties> io_properties_for(std::string_view line) {
  WEIR_TRY(const auto limits, parse_io_max(line));
  Properties out{{"IOAccounting", true}};
  // A line without any limit does not parse into an entry: its device stands first.
  const auto device = DeviceNumber::parse(line.substr(0, line.find(' ')));
  if (limits.size() > 1 || !device) return no_property(file::io_max, line);
  const auto rates = limits.empty() ? IoRates{} : limits.begin()->second;
  for (std::size_t i = 0; i < io_properties.size(); ++i) {
    const auto rate = rates[all_io_rates[i]];
    out.push_back({std::string{io_properties[i]},
                   DeviceLimits{{fmt::format("/dev/block/{}", device->str()),
                                 rate ? static_cast<std::uint64_t>(*rate) : infinite}}});
  }
  return out;
}

const std::uint64_t* number_in(const std::map<std::string, PropertyValue>& properties,
                               std::string_view name) {
  const auto at = properties.find(std::string{name});
  return at == properties.end() ? nullptr : std::get_if<std::uint64_t>(&at->second);
}

/// MemoryMax and the like say "infinity" where nothing was set, and the kernel has "max" then.
std::string text_of(std::string_view name, std::uint64_t number) {
  if (number != infinite) return fmt::format("{}", number);
  return name == file::cpu_weight ? std::string{default_value(name).value_or("")}
                                  : std::string{file::no_limit};
}

void add_cpu_max(const std::map<std::string, PropertyValue>& properties, FileValues& out) {
  const auto* quota = number_in(properties, cpu_quota);
  if (!quota) return;
  const auto* given = number_in(properties, cpu_period);
  const auto period = given && *given != infinite && *given != 0 ? *given : default_period_us;
  if (*quota == infinite)
    out.emplace(file::cpu_max, fmt::format("max {}", period));
  else
    // At least a millisecond (cgroup_apply_unified_cpu_quota).
    out.emplace(file::cpu_max,
                fmt::format("{} {}",
                            std::max<std::uint64_t>(*quota / second_us * period +
                                                        *quota % second_us * period / second_us,
                                                    1000),
                            period));
}

void add_cpus(const std::map<std::string, PropertyValue>& properties, FileValues& out) {
  const auto at = properties.find(std::string{allowed_cpus});
  const auto* bits =
      at == properties.end() ? nullptr : std::get_if<std::vector<std::uint8_t>>(&at->second);
  if (!bits || bits->empty()) return;
  std::string list;
  for (std::size_t cpu = 0; cpu < bits->size() * 8; ++cpu)
    if (((*bits)[cpu / 8] >> (cpu % 8) & 1U) != 0)
      list += fmt::format("{}{}", list.empty() ? "" : ",", cpu);
  if (const auto set = CpuSet::parse(list)) out.emplace(file::cpuset_cpus, set->str());
}

void add_io(const std::map<std::string, PropertyValue>& properties, DeviceNumbers number_of,
            FileValues& out) {
  IoMax limits;
  for (std::size_t i = 0; i < io_properties.size(); ++i) {
    const auto at = properties.find(std::string{io_properties[i]});
    const auto* entries = at == properties.end() ? nullptr : std::get_if<DeviceLimits>(&at->second);
    if (!entries) return;
    for (const auto& [path, limit] : *entries) {
      const auto text = number_of(path);
      const auto device = text ? DeviceNumber::parse(*text) : std::nullopt;
      if (device && limit < infinite / 2)
        limits[*device][all_io_rates[i]] = static_cast<std::int64_t>(limit);
    }
  }
  out.emplace(file::io_max, io_max_text(limits));
}

}  // namespace

std::optional<std::string> unit_of(const CgroupPath& cgroup) {
  if (cgroup.is_root()) return std::nullopt;
  const auto leaf = cgroup.leaf();
  if (!leaf.ends_with(".slice") && !leaf.ends_with(".scope")) return std::nullopt;
  for (auto above = cgroup.parent(); !above.is_root(); above = above.parent())
    if (!above.leaf().ends_with(".slice")) return std::nullopt;
  return std::string{leaf};
}

Result<std::optional<std::vector<UnitProperty>>> properties_for(std::string_view name,
                                                                std::string_view value) {
  const auto number = std::ranges::find(numbers, name, &Name::file);
  if (number != numbers.end()) {
    const auto parsed =
        value == file::no_limit ? std::optional{infinite} : to_number<std::uint64_t>(value);
    if (!parsed) return no_property(name, value);
    return Properties{{std::string{number->property}, *parsed}};
  }
  if (name == file::cpu_max) return quota_properties(value);
  if (name == file::cpuset_cpus) return cpus_property(value);
  if (name == file::io_max) return io_properties_for(value);
  return std::optional<Properties>{};
}

Result<std::vector<UnitProperty>> properties_of(const FileValues& files) {
  std::vector<UnitProperty> out;
  for (const auto& [name, value] : files) {
    WEIR_TRY(auto some, properties_for(name, value));
    if (some) std::ranges::move(*some, std::back_inserter(out));
  }
  return out;
}

bool has_taken(std::string_view name, std::string_view text, std::string_view value) {
  if (name != file::io_max) return same_value(name, text, value);
  const auto now = parse_io_max(text);
  const auto device = DeviceNumber::parse(value.substr(0, value.find(' ')));
  if (!now || !device) return false;
  const auto at = now->find(*device);
  return same_value(name, io_max_line(*device, at == now->end() ? IoRates{} : at->second), value);
}

FileValues files_of(const std::map<std::string, PropertyValue>& properties,
                    DeviceNumbers number_of) {
  FileValues out;
  for (const auto& [name, property] : numbers)
    if (const auto* number = number_in(properties, property))
      out.emplace(name, text_of(name, *number));
  add_cpu_max(properties, out);
  add_cpus(properties, out);
  add_io(properties, number_of, out);
  return out;
}

bool is_resource_property(std::string_view name) {
  return std::ranges::find(numbers, name, &Name::property) != numbers.end() ||
         std::ranges::find(io_properties, name) != io_properties.end() || name == cpu_quota ||
         name == cpu_period || name == allowed_cpus;
}

std::vector<UnitProperty> properties_for_controllers() {
  return {{"CPUWeight", std::uint64_t{100}},
          {"CPUAccounting", true},
          {"MemoryAccounting", true},
          {"TasksAccounting", true}};
}

std::vector<UnitProperty> properties_of_unit(std::string description) {
  auto out = properties_for_controllers();
  out.insert(out.begin(), {"Description", std::move(description)});
  return out;
}

std::vector<UnitProperty> properties_of_scope(std::string description, std::string slice,
                                              std::vector<std::string> controllers,
                                              std::uint32_t first) {
  return {{"Description", std::move(description)},
          {"Slice", std::move(slice)},
          {"DelegateControllers", std::move(controllers)},
          {"TasksMax", infinite},
          {"CollectMode", std::string{"inactive-or-failed"}},
          {"PIDs", std::vector{first}}};
}

}  // namespace weir
