// SPDX-License-Identifier: Apache-2.0
#include "weir/model/usage.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

/// "key=number" at the front of `word`.
std::optional<std::uint64_t> number_behind(std::string_view word, std::string_view key) {
  if (!word.starts_with(key)) return std::nullopt;
  return to_number<std::uint64_t>(word.substr(key.size()));
}

std::int64_t bytes_of(std::string_view text, std::string_view key) {
  const auto value = flat_value(text, key).value_or(0);
  return static_cast<std::int64_t>(std::min(value, static_cast<std::uint64_t>(max_bytes.value)));
}

void take_io_word(std::string_view word, IoCounters& out) {
  if (const auto n = number_behind(word, "rbytes=")) out.read_bytes = *n;
  if (const auto n = number_behind(word, "wbytes=")) out.write_bytes = *n;
  if (const auto n = number_behind(word, "rios=")) out.reads = *n;
  if (const auto n = number_behind(word, "wios=")) out.writes = *n;
}

void take_events(std::string_view text, MemoryEvents& out) {
  out.low = flat_value(text, "low").value_or(out.low);
  out.high = flat_value(text, "high").value_or(out.high);
  out.max = flat_value(text, "max").value_or(out.max);
  out.oom = flat_value(text, "oom").value_or(out.oom);
  out.oom_kill = flat_value(text, "oom_kill").value_or(out.oom_kill);
}

void take_count(std::string_view text, std::int64_t& out) {
  if (const auto count = parse_count(text)) out = *count;
}

}  // namespace

std::optional<Pressure> parse_pressure(std::string_view text) {
  Pressure out;
  bool some = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool full = line.starts_with("full avg10=");
    const auto at = line.rfind(" total=");
    const auto total =
        at == std::string_view::npos ? std::nullopt : number_behind(line.substr(at + 1), "total=");
    if (full && total) out.full_us = *total;
    const auto average = full ? std::nullopt : parse_some_avg10(line);
    if (!average || !total) continue;
    out.some_avg10 = *average;
    out.some_us = *total;
    some = true;
  }
  return some ? std::optional{out} : std::nullopt;
}

std::uint64_t IoCounters::of(IoRate rate) const {
  switch (rate) {
    case IoRate::read_bps:
      return read_bytes;
    case IoRate::write_bps:
      return write_bytes;
    case IoRate::read_iops:
      return reads;
    case IoRate::write_iops:
      break;
  }
  return writes;
}

Result<IoStat> parse_io_stat(std::string_view text) {
  IoStat out;
  for (const auto line : split(text, '\n')) {
    const auto words = split_words(line);
    if (words.empty()) continue;
    const auto device = DeviceNumber::parse(words[0]);
    if (!device)
      return fail(Errc::failed, fmt::format("'{}' is not a line of io.stat", printable(line, 60)));
    // Linux prints a device without statistics as a bare number.
    if (words.size() == 1) continue;
    auto& counters = out[*device];
    for (const auto word : words) take_io_word(word, counters);
  }
  return out;
}

std::int64_t MemoryParts::reclaimable() const {
  return std::max<std::int64_t>(0, file - shmem - unevictable) + slab_reclaimable;
}

MemoryParts parse_memory_parts(std::string_view text) {
  MemoryParts out;
  out.anon = bytes_of(text, "anon");
  out.file = bytes_of(text, "file");
  out.shmem = bytes_of(text, "shmem");
  out.inactive_file = bytes_of(text, "inactive_file");
  out.unevictable = bytes_of(text, "unevictable");
  out.slab_reclaimable = bytes_of(text, "slab_reclaimable");
  out.faults = flat_value(text, "pgfault").value_or(0) +
               flat_value(text, "workingset_refault_file").value_or(0) +
               flat_value(text, "workingset_refault_anon").value_or(0);
  return out;
}

void take_statistics(Usage& usage, std::string_view file, std::string_view text) {
  if (file == file::cpu_stat) {
    usage.cpu_us = flat_value(text, "usage_usec").value_or(usage.cpu_us);
    usage.throttled_us = flat_value(text, "throttled_usec").value_or(usage.throttled_us);
  }
  if (file == file::memory_current) take_count(text, usage.memory);
  if (file == file::memory_swap_current) take_count(text, usage.swap);
  if (file == file::pids_current) take_count(text, usage.tasks);
  if (file == file::memory_events) take_events(text, usage.events);
  if (file == file::cpu_pressure) usage.cpu_pressure = parse_pressure(text);
  if (file == file::memory_pressure) usage.memory_pressure = parse_pressure(text);
  if (file == file::io_pressure) usage.io_pressure = parse_pressure(text);
  if (file == file::io_stat)
    if (auto io = parse_io_stat(text)) usage.io = std::move(*io);
}

}  // namespace weir
