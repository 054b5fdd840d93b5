// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/usage.h"

#include <array>

#include "weir/model/kernel_files.h"

namespace weir {
namespace {

constexpr std::array statistics{
    file::cpu_stat,        file::memory_current, file::memory_swap_current,
    file::pids_current,    file::memory_events,  file::cpu_pressure,
    file::memory_pressure, file::io_pressure,    file::io_stat};

}  // namespace

Usage read_usage(CgroupIo& io, const CgroupPath& cgroup) {
  Usage out;
  for (const auto name : statistics)
    if (const auto text = io.read(cgroup, name)) take_statistics(out, name, *text);
  return out;
}

bool DirectUsage::read(const CgroupPath& cgroup, Detail, Reading& out) {
  if (!io_.exists(cgroup)) return false;
  out.usage = read_usage(io_, cgroup);
  if (const auto text = io_.read(cgroup, file::memory_stat)) out.parts = parse_memory_parts(*text);
  return true;
}

}  // namespace weir
