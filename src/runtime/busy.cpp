// SPDX-License-Identifier: Apache-2.0
// Apart from the rest of journal.h, which a hook does not need.
#include <algorithm>

#include "weir/runtime/journal.h"

namespace weir {

std::vector<CgroupPath> busy_cgroups(const RunDir& run_dir) {
  std::vector<CgroupPath> out;
  for (const auto& subject : run_dir.entries()) {
    auto entry = JournalEntry::parse(run_dir.entry(subject));
    if (!entry) continue;
    out.push_back(std::move(entry->cgroup));
    if (!entry->from.is_root()) out.push_back(std::move(entry->from));
  }
  return out;
}

bool is_busy(const RunDir& run_dir, const CgroupPath& cgroup) {
  const auto busy = busy_cgroups(run_dir);
  return std::ranges::find(busy, cgroup) != busy.end();
}

}  // namespace weir
