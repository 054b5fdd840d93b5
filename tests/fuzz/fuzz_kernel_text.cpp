// SPDX-License-Identifier: Apache-2.0
// The parsers of kernel text on hostile text. What is accepted is within its bounds, values order
// themselves without contradiction, and lists of CPUs are read back as they were written.
#include <compare>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "weir/model/cpu_set.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/model/usage.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void check_error(const Result<T>& result) {
  if (result) return;
  require(result.error().message.size() < 1000);
  require(result.error().message.find('\n') == std::string::npos);
}

void check_numbers(std::string_view text) {
  const auto limit = parse_limit(text);
  check_error(limit);
  if (limit && *limit) require(**limit >= 0);
  const auto count = parse_count(text);
  check_error(count);
  if (count) require(*count >= 0 && limit && *limit == *count);
  const auto cpu = parse_cpu_max(text);
  check_error(cpu);
  if (cpu) require(cpu->period_us > 0 && (!cpu->cores() || cpu->cores()->value >= 0));
  (void)parse_thread_group(text);
  const auto pids = parse_pids(text);
  check_error(pids);
  if (pids)
    for (const int pid : *pids) require(pid > 0);
}

void check_lines(std::string_view text) {
  const auto keyed = parse_flat_keyed(text);
  check_error(keyed);
  if (keyed)
    for (const auto& [key, value] : *keyed) require(flat_value(text, key).has_value());
  if (const auto bytes = meminfo_value(text, "MemTotal"))
    require(*bytes >= Bytes{0} && *bytes <= max_bytes);
  static_cast<void>(parse_some_avg10(text));
  static_cast<void>(parse_proc_cgroup(text));
  static_cast<void>(find_cgroup2(text));
  static_cast<void>(find_cgroup1(text, "memory"));
}

void check_statistics(std::string_view text) {
  static_cast<void>(parse_pressure(text));
  check_error(parse_io_stat(text));
  const auto parts = parse_memory_parts(text);
  require(parts.reclaimable() >= 0 && parts.anon >= 0);
  Usage usage;
  for (const auto name : {file::cpu_stat, file::memory_current, file::memory_events, file::io_stat,
                          file::cpu_pressure})
    take_statistics(usage, name, text);
  require(usage.memory >= 0);
}

void check_cpus(std::string_view text) {
  const auto cpus = CpuSet::parse(text);
  check_error(cpus);
  if (!cpus) return;
  const auto again = CpuSet::parse(cpus->str());
  require(again && *again == *cpus);
  require(cpus->is_subset_of(*cpus) && cpus->intersect(*cpus) == *cpus);
}

void check_values(std::string_view a, std::string_view b) {
  for (const auto name : {file::cpu_weight, file::cpu_max, file::memory_max, file::pids_max,
                          file::cpuset_cpus, file::io_max}) {
    require(same_value(name, a, a));
    require(same_value(name, a, b) == same_value(name, b, a));
    const auto forth = compare_values(name, a, b), back = compare_values(name, b, a);
    if (name != file::cpuset_cpus && name != file::io_max)
      require((forth < 0) == (back > 0) && (forth == 0) == (back == 0));
    if (forth == 0) require(same_value(name, a, b));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_numbers(text);
  check_lines(text);
  check_statistics(text);
  check_cpus(text);
  const auto half = text.find('\0');
  if (half != std::string_view::npos) check_values(text.substr(0, half), text.substr(half + 1));
  return 0;
}
