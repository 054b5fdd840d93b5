// SPDX-License-Identifier: Apache-2.0
#include "half_moved.h"

#include <cerrno>
#include <fmt/format.h>
#include <set>

#include "weir/cgroup/files.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

namespace weir {

Result<std::vector<int>> read_ids(CgroupIo& io, const CgroupPath& cgroup, std::string_view name) {
  auto text = io.read(cgroup, name);
  if (text) return parse_pids(*text);
  if (text.error().sys == ENOENT || text.error().sys == ENODEV || text.error().sys == EOPNOTSUPP)
    return std::vector<int>{};
  return pass(std::move(text));
}

Result<std::vector<Occupant>> half_moved(CgroupIo& io, const CgroupPath& cgroup,
                                         const std::vector<int>& pids) {
  WEIR_TRY(const auto tids, read_ids(io, cgroup, file::cgroup_threads));
  const std::set<int> listed{pids.begin(), pids.end()};
  std::set<int> seen;
  std::vector<Occupant> out;
  for (const int tid : tids) {
    if (listed.contains(tid)) continue;
    const auto text = read_small_file(fmt::format("/proc/{}/status", tid));
    const auto leader = text ? parse_thread_group(*text) : std::nullopt;
    if (leader && !listed.contains(*leader) && seen.insert(*leader).second)
      out.push_back({*leader, tid});
  }
  return out;
}

}  // namespace weir
