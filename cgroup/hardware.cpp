// SPDX-License-Identifier: Apache-2.0
#include "hardware.h"

#include <algorithm>
#include <dirent.h>
#include <fmt/format.h>
#include <memory>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

constexpr std::int64_t sector =
    512;  // /sys/block/*/size counts these whatever the disk's own size is
constexpr std::int64_t default_pid_max = 32768;

std::vector<std::string> entries(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), ::closedir};
  std::vector<std::string> out;
  if (!directory) return out;
  while (const dirent* entry = ::readdir(directory.get()))
    if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  std::ranges::sort(out);
  return out;
}

std::optional<std::int64_t> number_in(const std::string& path) {
  const auto text = read_small_file(path);
  return text ? to_number<std::int64_t>(trim(*text)) : std::nullopt;
}

Status read_memory(const HostRoots& roots, Host& host) {
  WEIR_TRY(const auto text, read_small_file(roots.proc + "/meminfo"));
  const auto total = meminfo_value(text, "MemTotal");
  if (!total) return fail(Errc::failed, roots.proc + "/meminfo has no MemTotal");
  host.memory_total = *total;
  host.swap_total = meminfo_value(text, "SwapTotal").value_or(Bytes{});
  return {};
}

Status read_cpus(const HostRoots& roots, Host& host) {
  const auto path = roots.sys + "/devices/system/cpu/online";
  WEIR_TRY(const auto text, read_small_file(path));
  WEIR_TRY(host.online, CpuSet::parse(text));
  if (host.online.empty()) return fail(Errc::failed, path + " lists no CPU");
  return {};
}

/// "Node 0 MemTotal:  2048 kB": the same lines as meminfo behind two words.
std::optional<Bytes> node_memory(const std::string& text) {
  for (const auto line : split(text, '\n')) {
    const auto at = line.find("MemTotal:");
    if (at != std::string_view::npos) return meminfo_value(line.substr(at), "MemTotal");
  }
  return std::nullopt;
}

void read_nodes(const HostRoots& roots, Host& host) {
  const auto folder = roots.sys + "/devices/system/node";
  for (const auto& name : entries(folder)) {
    const auto id =
        name.starts_with("node") ? to_number<int>(std::string_view{name}.substr(4)) : std::nullopt;
    const auto list =
        id ? read_small_file(fmt::format("{}/{}/cpulist", folder, name)) : Result<std::string>{};
    const auto cpus = id && list ? CpuSet::parse(*list) : Result<CpuSet>{};
    if (!id || !cpus) continue;
    const auto meminfo = read_small_file(fmt::format("{}/{}/meminfo", folder, name));
    host.numa_nodes.push_back(
        {*id, *cpus, meminfo ? node_memory(*meminfo).value_or(Bytes{}) : Bytes{}});
  }
  std::ranges::sort(host.numa_nodes, {}, &NumaNode::id);
}

/// Disks that requests end at. Loop, ram, zram, optical and stacked devices (dm, md) only pass on.
bool is_disk_name(std::string_view name) {
  for (const std::string_view other : {"loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"})
    if (name.starts_with(other)) return false;
  return true;
}

void read_disks(const HostRoots& roots, Host& host) {
  const auto folder = roots.sys + "/block";
  for (const auto& name : entries(folder)) {
    if (!is_disk_name(name)) continue;
    const auto size = number_in(fmt::format("{}/{}/size", folder, name));
    const auto device = read_small_file(fmt::format("{}/{}/dev", folder, name));
    if (!size || *size <= 0 || *size > max_bytes.value / sector || !device) continue;
    host.disks.push_back({std::string{trim(*device)}, name, Bytes{*size * sector}});
  }
}

}  // namespace

Status read_hardware(const HostRoots& roots, Host& host) {
  WEIR_CHECK(read_cpus(roots, host));
  WEIR_CHECK(read_memory(roots, host));
  const auto pid_max = number_in(roots.proc + "/sys/kernel/pid_max").value_or(default_pid_max);
  const auto threads_max = number_in(roots.proc + "/sys/kernel/threads-max").value_or(pid_max);
  host.tasks_max = Tasks{std::max<std::int64_t>(1, std::min(pid_max, threads_max))};
  if (const auto release = read_small_file(roots.proc + "/sys/kernel/osrelease"))
    host.kernel_release = trim(*release);
  if (!roots.inventory) return {};
  read_nodes(roots, host);
  read_disks(roots, host);
  return {};
}

}  // namespace weir
