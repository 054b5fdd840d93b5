// SPDX-License-Identifier: Apache-2.0
// What a host has, and what of it pools may share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/units.h"
#include "weir/model/cpu_set.h"

namespace weir {

enum class Controller { cpu, memory, pids, io, cpuset };
inline constexpr std::array all_controllers{Controller::cpu, Controller::memory, Controller::pids,
                                            Controller::io, Controller::cpuset};
std::string_view to_text(Controller controller);
std::optional<Controller> controller_named(std::string_view text);

enum class Backend { cgroupfs, systemd };
std::string_view to_text(Backend backend);

struct NumaNode {
  int id = 0;
  CpuSet cpus;
  Bytes memory;
};

struct Disk {
  std::string device;  ///< "254:0"
  std::string name;    ///< "vda"
  Bytes size;
};

struct CgroupHost {
  std::string mount;                     ///< absolute path of the cgroup2 mount or --cgroup-root
  std::vector<std::string> controllers;  ///< as cgroup.controllers of the mount lists them
  std::string mount_options;             ///< "rw,nsdelegate,memory_recursiveprot"
  /// Of the controllers that are missing, those a cgroup v1 hierarchy holds, and its mount.
  std::vector<std::pair<Controller, std::string>> legacy;
  bool delegated = false;  ///< the mount's root is not the kernel's root cgroup
  bool psi = false;
  std::optional<Backend> backend;  ///< nothing where `auto` finds none
  std::string backend_reason;      ///< why that one, or why none
  bool systemd = false;            ///< PID 1 is systemd

  [[nodiscard]] bool has(Controller controller) const;
};

/// What the machine, or inside a container or a delegated tree the cgroups above, give.
struct Host {
  CpuSet online;                   ///< CPUs usable here
  std::optional<Cores> cpu_quota;  ///< an ancestor's cpu.max, where it gives less than `online`
  Bytes memory_total;              ///< MemTotal, or an ancestor's lower memory.max
  Bytes swap_total;
  Tasks tasks_max;  ///< kernel.pid_max, kernel.threads-max, an ancestor's pids.max: the least
  std::vector<NumaNode> numa_nodes;
  std::vector<Disk> disks;
  std::optional<CgroupHost> cgroup;  ///< nothing where no cgroup2 is mounted
  std::string kernel_release;

  /// What the CPUs amount to: their number, or the quota where that is less.
  [[nodiscard]] Cores cpu_total() const;
};

/// What is kept back for the system, outside every pool.
struct Reserve {
  Cores cpu{500'000};
  Bytes memory{std::int64_t{512} << 20};
  auto operator<=>(const Reserve&) const = default;
};

/// What pools may share: the host minus the reserve.
struct Capacity {
  Cores cpu;
  Bytes memory;  ///< whole pages
  Tasks pids;
  auto operator<=>(const Capacity&) const = default;
};

/// The host minus the reserve. Errc::config when the reserve leaves less than 0.01 core or one
/// page.
Result<Capacity> capacity_of(const Host& host, const Reserve& reserve);

}  // namespace weir
