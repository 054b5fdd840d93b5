// SPDX-License-Identifier: Apache-2.0
#include "dynamic_samples.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace weir {
namespace {

/// Less than a hundredth of a core is a timer that goes off, and no work.
constexpr std::int64_t signs_of_life = micro_per_core / 100;
constexpr std::int64_t memory_that_counts = 1 << 20;

/// Counters never fall, except where another cgroup was made under the same name.
std::uint64_t grown(std::uint64_t before, std::uint64_t after) {
  return after > before ? after - before : 0;
}

double part_of(std::uint64_t us, double seconds) {
  return std::clamp(static_cast<double>(us) / 1e6 / seconds, 0.0, 1.0);
}

double waited(const std::optional<Pressure>& before, const std::optional<Pressure>& after,
              double seconds) {
  if (!before || !after) return 0;
  return part_of(grown(before->some_us, after->some_us), seconds);
}

std::uint64_t times_short(const MemoryEvents& events) {
  return events.high + events.max + events.oom;
}

std::int64_t rate(std::uint64_t count, double seconds) {
  return std::llround(std::min(static_cast<double>(count) / seconds, 1e18));
}

}  // namespace

PoolSample sample_between(const TimedReading& before, const TimedReading& after,
                          const CpuBounds& bounds) {
  const auto& was = before.reading.usage;
  const auto& is = after.reading.usage;
  const auto seconds = std::max(after.time - before.time, 1e-3);
  PoolSample out;
  out.time = after.time;
  out.cpu.usage = rate(grown(was.cpu_us, is.cpu_us), seconds);  // us a second are micro-cores
  out.cpu.some = waited(was.cpu_pressure, is.cpu_pressure, seconds);
  out.cpu.threads = std::max<std::int64_t>(is.tasks, 1);
  out.cpu.cpuset = bounds.cpuset;
  out.cpu.limit = bounds.limit;
  out.current = is.memory;
  out.reclaimable = after.reading.parts.reclaimable();
  out.inactive = after.reading.parts.inactive_file;
  out.memory_some = waited(was.memory_pressure, is.memory_pressure, seconds);
  out.hit_limit = times_short(is.events) > times_short(was.events);
  out.alive =
      out.cpu.usage >= signs_of_life || std::abs(is.memory - was.memory) >= memory_that_counts;
  return out;
}

IoUse io_between(const TimedReading& before, const TimedReading& after) {
  const auto seconds = std::max(after.time - before.time, 1e-3);
  IoUse out;
  for (const auto& [device, is] : after.reading.usage.io) {
    const auto at = before.reading.usage.io.find(device);
    const auto was = at == before.reading.usage.io.end() ? IoCounters{} : at->second;
    for (const auto kind : all_io_rates)
      out[device][kind] = rate(grown(was.of(kind), is.of(kind)), seconds);
  }
  return out;
}

}  // namespace weir
