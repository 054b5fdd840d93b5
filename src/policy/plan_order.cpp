// SPDX-License-Identifier: Apache-2.0
#include "plan_order.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "weir/model/kernel_files.h"

namespace weir {
namespace {

/// One number, smaller for what comes earlier: a plan may have a hundred thousand changes.
using Place = std::uint64_t;

/// The order of files within one cgroup while limits rise: the kill boundary before the throttle,
/// the reservation last (kernel.md, design consequence 4). Lowering goes the other way round.
constexpr std::array write_order{file::cpuset_cpus, file::cpu_weight,      file::cpu_max,
                                 file::io_max,      file::pids_max,        file::memory_swap_max,
                                 file::memory_max,  file::memory_high,     file::memory_low,
                                 file::memory_min,  file::memory_oom_group};

int file_rank(const Change& change) {
  const auto at = std::ranges::find(write_order, change.file) - write_order.begin();
  return change.phase == Phase::lower ? -static_cast<int>(at) : static_cast<int>(at);
}

bool competes(std::string_view name) { return name.starts_with("memory."); }

/// A grower whose sibling shrinks in the same file waits until that is done, and so does all that
/// grows below it.
bool waits(const Change& change, const Shrinking& shrinking) {
  if (shrinking.empty() || change.phase != Phase::raise || !competes(change.file)) return false;
  for (auto at = change.cgroup; !at.is_root(); at = at.parent())
    if (shrinking.contains({at.parent().str(), change.file})) return true;
  return false;
}

/// Where a change stands: phase, depth, then the cgroups as they came, then the files of one
/// cgroup.
Place place(const Change& change, std::size_t sequence, int depth, const Shrinking& shrinking) {
  const bool upward = change.phase == Phase::lower || change.phase == Phase::remove;
  const int after_lowering = static_cast<int>(Phase::lower) * 2 + 1;
  const int order = waits(change, shrinking) ? after_lowering : static_cast<int>(change.phase) * 2;
  constexpr int deepest = 1 << 12;  // no path is so long
  const auto level = static_cast<Place>(order * 2 * deepest + deepest + (upward ? -depth : depth));
  constexpr int last_rank = 32;
  const auto rank = static_cast<Place>(last_rank + file_rank(change));
  return level << 40U | static_cast<Place>(sequence) << 8U | rank;
}

}  // namespace

/// Sorts keys, and moves each change once: a change is several strings.
void sort_changes(std::vector<Change>& changes, const Shrinking& shrinking) {
  std::vector<std::pair<Place, std::size_t>> keyed;
  keyed.reserve(changes.size());
  std::size_t sequence = 0;
  int depth = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto& cgroup = changes[i].cgroup;
    if (i == 0 || changes[i - 1].cgroup != cgroup) {
      ++sequence;
      depth = static_cast<int>(cgroup.depth());
    }
    keyed.emplace_back(place(changes[i], sequence, depth, shrinking), i);
  }
  std::ranges::sort(keyed);
  std::vector<Change> sorted;
  sorted.reserve(keyed.size());
  for (const auto& [at, i] : keyed) sorted.push_back(std::move(changes[i]));
  changes = std::move(sorted);
}

}  // namespace weir
