// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/chain_reader.h"

#include <fmt/format.h>

#include "weir/cgroup/count_in.h"
#include "weir/cgroup/tasks.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

constexpr std::size_t deepest_below = 8;

/// A byte limit; nothing for "max" and where the file is missing.
std::optional<Bytes> bytes_in(CgroupIo& io, const CgroupPath& cgroup, std::string_view file) {
  const auto text = io.read(cgroup, file);
  const auto limit = text ? parse_limit(*text) : Result<std::optional<std::int64_t>>{};
  return limit && *limit ? std::optional{Bytes{**limit}} : std::nullopt;
}

std::optional<Cores> cpu_limit_of(CgroupIo& io, const CgroupPath& cgroup) {
  const auto text = io.read(cgroup, file::cpu_max);
  const auto parsed = text ? parse_cpu_max(*text) : Result<CpuMax>{};
  return text && parsed ? parsed->cores() : std::nullopt;
}

std::uint64_t event(CgroupIo& io, const CgroupPath& cgroup, std::string_view file,
                    std::string_view key) {
  const auto text = io.read(cgroup, file);
  return text ? flat_value(*text, key).value_or(0) : 0;
}

ChainLevel read_level(CgroupIo& io, const CgroupPath& cgroup) {
  ChainLevel out;
  out.cgroup = cgroup;
  out.cpu_weight = count_in(io, cgroup, file::cpu_weight);
  out.cpu_limit = cpu_limit_of(io, cgroup);
  out.memory_low = bytes_in(io, cgroup, file::memory_low);
  out.memory_min = bytes_in(io, cgroup, file::memory_min);
  out.memory_high = bytes_in(io, cgroup, file::memory_high);
  out.memory_max = bytes_in(io, cgroup, file::memory_max);
  out.memory_current = Bytes{count_in(io, cgroup, file::memory_current).value_or(0)};
  out.populated = event(io, cgroup, file::cgroup_events, "populated") != 0;
  out.frozen = count_in(io, cgroup, file::cgroup_freeze).value_or(0) != 0;
  out.oom_local = event(io, cgroup, file::memory_events_local, "oom");
  out.oom_kill_local = event(io, cgroup, file::memory_events_local, "oom_kill");
  out.oom_kill_below = event(io, cgroup, file::memory_events, "oom_kill");
  return out;
}

/// Siblings that could run now: populated and not frozen.
Status read_rivals(CgroupIo& io, ChainLevel& level) {
  const auto parent = level.cgroup.parent();
  WEIR_TRY(const auto names, io.children(parent));
  for (const auto& name : names) {
    const auto sibling = parent.child(name);
    if (!sibling || *sibling == level.cgroup) continue;
    const auto events = io.read(*sibling, file::cgroup_events);
    if (!events || flat_value(*events, "populated").value_or(0) == 0) continue;
    if (flat_value(*events, "frozen").value_or(0) != 0) continue;
    const auto weight = count_in(io, *sibling, file::cpu_weight);
    if (weight) level.rivals.push_back({name, *weight, cpu_limit_of(io, *sibling)});
  }
  const auto procs = io.read(parent, file::cgroup_procs);
  const auto pids = procs ? parse_pids(*procs) : Result<std::vector<int>>{};
  if (pids) level.tasks_beside = static_cast<std::int64_t>(count_user_processes(*pids));
  return {};
}

void read_oom_below(CgroupIo& io, const CgroupPath& cgroup, std::size_t depth,
                    std::vector<OomBelow>& out) {
  const auto names = io.children(cgroup);
  if (!names || depth > deepest_below) return;
  for (const auto& name : *names) {
    const auto child = cgroup.child(name);
    if (!child || event(io, *child, file::memory_events, "oom_kill") == 0) continue;
    if (event(io, *child, file::memory_events_local, "oom") > 0)
      out.push_back({*child, event(io, *child, file::memory_events, "oom_kill")});
    read_oom_below(io, *child, depth + 1, out);
  }
}

}  // namespace

Result<Chain> read_chain(CgroupIo& io, const CgroupPath& cgroup) {
  if (!io.exists(cgroup)) return fail(Errc::not_found, fmt::format("no cgroup {}", cgroup.str()));
  Chain out;
  for (auto at = cgroup;; at = at.parent()) {
    out.levels.push_back(read_level(io, at));
    if (at.is_root()) break;
    WEIR_CHECK(read_rivals(io, out.levels.back()));
  }
  read_oom_below(io, cgroup, 0, out.below);
  return out;
}

}  // namespace weir
