// SPDX-License-Identifier: Apache-2.0
#include "support/fake_node.h"

#include <algorithm>

namespace weir::testing {
namespace {

constexpr std::array files{
    FileInfo{file::cgroup_controllers, 0, Access::read, Where::everywhere},
    FileInfo{file::cgroup_events, 0, Access::read},
    FileInfo{file::cgroup_freeze, 0, Access::both, Where::not_on_root, "0"},
    FileInfo{file::cgroup_kill, 0, Access::write},
    FileInfo{"cgroup.max.depth", 0, Access::both, Where::everywhere, "max"},
    FileInfo{"cgroup.max.descendants", 0, Access::both, Where::everywhere, "max"},
    FileInfo{file::cgroup_procs, 0, Access::both, Where::everywhere},
    FileInfo{file::cgroup_stat, 0, Access::read, Where::everywhere},
    FileInfo{file::cgroup_subtree_control, 0, Access::both, Where::everywhere},
    FileInfo{file::cgroup_threads, 0, Access::both, Where::everywhere},
    FileInfo{file::cgroup_type, 0, Access::both},
    FileInfo{file::cpu_stat, 0, Access::read, Where::everywhere},
    FileInfo{file::cpu_pressure, 0, Access::read, Where::everywhere},
    FileInfo{file::io_pressure, 0, Access::read, Where::everywhere},
    FileInfo{file::memory_pressure, 0, Access::read, Where::everywhere},
    FileInfo{"cpu.idle", cpu_bit, Access::both, Where::not_on_root, "0"},
    FileInfo{file::cpu_max, cpu_bit, Access::both, Where::not_on_root, "max 100000"},
    FileInfo{file::cpu_weight, cpu_bit, Access::both, Where::not_on_root, "100"},
    FileInfo{file::cpuset_cpus, cpuset_bit},
    FileInfo{file::cpuset_cpus_effective, cpuset_bit, Access::read, Where::everywhere},
    FileInfo{file::io_max, io_bit},
    FileInfo{file::memory_current, memory_bit, Access::read},
    FileInfo{file::memory_high, memory_bit, Access::both, Where::not_on_root, "max"},
    FileInfo{file::memory_low, memory_bit, Access::both, Where::not_on_root, "0"},
    FileInfo{file::memory_max, memory_bit, Access::both, Where::not_on_root, "max"},
    FileInfo{file::memory_min, memory_bit, Access::both, Where::not_on_root, "0"},
    FileInfo{file::memory_oom_group, memory_bit, Access::both, Where::not_on_root, "0"},
    FileInfo{file::memory_reclaim, memory_bit, Access::write, Where::everywhere},
    FileInfo{file::memory_stat, memory_bit, Access::read, Where::everywhere},
    FileInfo{file::memory_swap_max, memory_bit, Access::both, Where::not_on_root, "max"},
    FileInfo{file::pids_current, pids_bit, Access::read},
    FileInfo{file::pids_max, pids_bit, Access::both, Where::not_on_root, "max"},
};

}  // namespace

unsigned bit_named(std::string_view name) {
  const auto at = std::ranges::find(controller_names, name, &ControllerName::name);
  return at == controller_names.end() ? 0 : at->bit;
}

std::string names_of(unsigned mask) {
  std::string out;
  for (const auto& [bit, name] : controller_names)
    if ((mask & bit) != 0) out += (out.empty() ? "" : " ") + std::string{name};
  return out;
}

std::span<const FileInfo> file_table() { return files; }

const FileInfo* file_info(std::string_view name) {
  const auto at = std::ranges::find(files, name, &FileInfo::name);
  return at == files.end() ? nullptr : &*at;
}

void FakeKernel::Node::reset(unsigned mask) {
  if ((mask & io_bit) != 0) io_limits.clear();
  for (const auto& info : files) {
    const bool fresh =
        info.controller == 0 ? !values.contains(info.name) : (info.controller & mask) != 0;
    if (fresh && info.access == Access::both)
      values.insert_or_assign(std::string{info.name}, std::string{info.initial});
  }
}

bool FakeKernel::Node::is_within(const Node& other) const {
  for (const auto* at = this; at; at = at->parent)
    if (at == &other) return true;
  return false;
}

std::int64_t FakeKernel::Node::descendants() const {
  std::int64_t count = 0;
  for (const auto& [key, child] : children) count += 1 + child->descendants();
  return count;
}

}  // namespace weir::testing
