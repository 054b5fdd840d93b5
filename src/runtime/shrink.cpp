// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/shrink.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "weir/base/text.h"
#include "weir/cgroup/shrink.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/runtime/journal.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds patience{10'000};

void make_room_in(Session& session, const Shrink& shrink) {
  JournalEntry entry{.work = Work::shrink, .cgroup = shrink.cgroup};
  if (const auto high = session.io.read(shrink.cgroup, file::memory_high))
    entry.memory_high = std::string{trim(*high)};
  auto claim = weir::claim(session, shrink.cgroup.leaf(), entry);
  if (!claim) return;  // somebody works on it
  const auto squeezed = squeeze(session.io, shrink.cgroup, shrink.limit, patience);
  // Where memory.high could not be put back, the entry has the next command do so.
  if (squeezed) claim->done();
}

}  // namespace

std::vector<Shrink> allow_for_reclaim(CgroupIo& io, const DesiredTree& desired,
                                      ObservedTree& observed) {
  if (observed.cgroups.empty()) return {};
  std::map<std::string_view, std::int64_t> limits;
  for (const auto& wanted : desired.cgroups)
    if (const auto at = wanted.files.find(file::memory_max); at != wanted.files.end())
      if (const auto limit = limit_number(at->second)) limits.emplace(wanted.path.str(), *limit);
  std::vector<Shrink> out;
  for (auto& cgroup : observed.cgroups) {
    const auto limit = limits.find(cgroup.path.str());
    if (limit == limits.end() || !cgroup.populated || cgroup.memory_current <= limit->second)
      continue;
    cgroup.memory_current = std::min(cgroup.memory_current, unreclaimable(io, cgroup.path).value);
    if (cgroup.memory_current <= limit->second) out.push_back({cgroup.path, Bytes{limit->second}});
  }
  return out;
}

void make_room(Session& session, const std::vector<Shrink>& shrinks) {
  for (const auto& shrink : shrinks) make_room_in(session, shrink);
}

}  // namespace weir
