// SPDX-License-Identifier: Apache-2.0
// What a cgroup has used, as its statistics files say at one moment. All counters start when the
// cgroup is made and never fall.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "weir/base/result.h"
#include "weir/model/block.h"

namespace weir {

/// A PSI file (Documentation/accounting/psi.rst).
struct Pressure {
  double some_avg10 = 0;      ///< percent of the last ten seconds in which some task waited
  std::uint64_t some_us = 0;  ///< microseconds in which some task waited
  std::uint64_t full_us = 0;  ///< ... in which all of them did; 0 where the kernel has no such line
  bool operator==(const Pressure&) const = default;
};
/// Nothing for what is no PSI file, the one of a host without PSI among it.
std::optional<Pressure> parse_pressure(std::string_view text);

struct IoCounters {
  std::uint64_t read_bytes = 0, write_bytes = 0, reads = 0, writes = 0;
  bool operator==(const IoCounters&) const = default;
  /// The counter that a rate of io.max limits.
  [[nodiscard]] std::uint64_t of(IoRate rate) const;
};
using IoStat = std::map<DeviceNumber, IoCounters>;
/// io.stat. Keys of controllers weir does not use are left out, and so is a device without numbers.
Result<IoStat> parse_io_stat(std::string_view text);

struct MemoryEvents {
  std::uint64_t low = 0, high = 0, max = 0, oom = 0, oom_kill = 0;
  bool operator==(const MemoryEvents&) const = default;
};

/// The parts of memory.stat that say what could be given back.
struct MemoryParts {
  std::int64_t anon = 0;           ///< bytes of processes' own memory
  std::int64_t file = 0;           ///< page cache, shared memory included
  std::int64_t shmem = 0;          ///< ... of which shared memory, which only swap can take
  std::int64_t inactive_file = 0;  ///< page cache not used for a while
  std::int64_t unevictable = 0;
  std::int64_t slab_reclaimable = 0;
  std::uint64_t faults = 0;  ///< page faults and refaults: a sign of life
  bool operator==(const MemoryParts&) const = default;

  /// Bytes that reclaim can take without swap.
  [[nodiscard]] std::int64_t reclaimable() const;
};
/// Missing keys count as 0.
MemoryParts parse_memory_parts(std::string_view text);

/// One reading. What the kernel does not have, or a controller that is off, is absent or 0.
struct Usage {
  std::uint64_t cpu_us = 0;        ///< CPU time, microseconds
  std::uint64_t throttled_us = 0;  ///< held back by cpu.max
  std::int64_t memory = 0;         ///< bytes charged
  std::int64_t swap = 0;           ///< bytes swapped out
  std::int64_t tasks = 0;
  MemoryEvents events;
  std::optional<Pressure> cpu_pressure, memory_pressure, io_pressure;
  IoStat io;
};

/// Takes the text of statistics file `file` into `usage`. Text that is not understood leaves the
/// reading as it was.
void take_statistics(Usage& usage, std::string_view file, std::string_view text);

}  // namespace weir
