// SPDX-License-Identifier: Apache-2.0
// The interface files of cgroup v2, spelled as in the kernel
// (Documentation/admin-guide/cgroup-v2.rst).
#pragma once

#include <string_view>

namespace weir::file {

inline constexpr std::string_view cgroup_controllers = "cgroup.controllers";
inline constexpr std::string_view cgroup_events = "cgroup.events";
inline constexpr std::string_view cgroup_freeze = "cgroup.freeze";
inline constexpr std::string_view cgroup_kill = "cgroup.kill";
inline constexpr std::string_view cgroup_max_depth = "cgroup.max.depth";
inline constexpr std::string_view cgroup_max_descendants = "cgroup.max.descendants";
inline constexpr std::string_view cgroup_pressure = "cgroup.pressure";
inline constexpr std::string_view cgroup_procs = "cgroup.procs";
inline constexpr std::string_view cgroup_stat = "cgroup.stat";
inline constexpr std::string_view cgroup_subtree_control = "cgroup.subtree_control";
inline constexpr std::string_view cgroup_threads = "cgroup.threads";
inline constexpr std::string_view cgroup_type = "cgroup.type";
inline constexpr std::string_view cpu_idle = "cpu.idle";
inline constexpr std::string_view cpu_max = "cpu.max";
inline constexpr std::string_view cpu_max_burst = "cpu.max.burst";
inline constexpr std::string_view cpu_pressure = "cpu.pressure";
inline constexpr std::string_view cpu_stat = "cpu.stat";
inline constexpr std::string_view cpu_uclamp_max = "cpu.uclamp.max";
inline constexpr std::string_view cpu_uclamp_min = "cpu.uclamp.min";
inline constexpr std::string_view cpu_weight = "cpu.weight";
inline constexpr std::string_view cpuset_cpus = "cpuset.cpus";
inline constexpr std::string_view cpuset_cpus_effective = "cpuset.cpus.effective";
inline constexpr std::string_view cpuset_cpus_partition = "cpuset.cpus.partition";
inline constexpr std::string_view cpuset_mems = "cpuset.mems";
inline constexpr std::string_view io_bfq_weight = "io.bfq.weight";
inline constexpr std::string_view io_latency = "io.latency";
inline constexpr std::string_view io_max = "io.max";
inline constexpr std::string_view io_pressure = "io.pressure";
inline constexpr std::string_view io_stat = "io.stat";
inline constexpr std::string_view io_weight = "io.weight";
inline constexpr std::string_view memory_current = "memory.current";
inline constexpr std::string_view memory_events = "memory.events";
inline constexpr std::string_view memory_events_local = "memory.events.local";
inline constexpr std::string_view memory_high = "memory.high";
inline constexpr std::string_view memory_low = "memory.low";
inline constexpr std::string_view memory_max = "memory.max";
inline constexpr std::string_view memory_min = "memory.min";
inline constexpr std::string_view memory_oom_group = "memory.oom.group";
inline constexpr std::string_view memory_pressure = "memory.pressure";
inline constexpr std::string_view memory_reclaim = "memory.reclaim";
inline constexpr std::string_view memory_stat = "memory.stat";
inline constexpr std::string_view memory_swap_current = "memory.swap.current";
inline constexpr std::string_view memory_swap_high = "memory.swap.high";
inline constexpr std::string_view memory_swap_max = "memory.swap.max";
inline constexpr std::string_view memory_zswap_max = "memory.zswap.max";
inline constexpr std::string_view memory_zswap_writeback = "memory.zswap.writeback";
inline constexpr std::string_view misc_max = "misc.max";
inline constexpr std::string_view pids_current = "pids.current";
inline constexpr std::string_view pids_max = "pids.max";

/// What the kernel prints, and takes, for "no limit".
inline constexpr std::string_view no_limit = "max";

}  // namespace weir::file
