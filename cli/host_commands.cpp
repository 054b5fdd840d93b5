// SPDX-License-Identifier: Apache-2.0
// init, host, check: what needs no pool in the kernel.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/cgroup/config_writer.h"
#include "weir/config/example.h"
#include "weir/config/render.h"

#include "commands.h"
#include "json.h"
#include "report.h"

namespace weir::cli {
namespace {

std::string list(const std::vector<std::string>& items) {
  return items.empty() ? "none" : fmt::format("{}", fmt::join(items, " "));
}

void print_cgroup(const Host& host) {
  if (!host.cgroup) {
    fmt::print("cgroup v2     not mounted\n");
    return;
  }
  const auto& cgroup = *host.cgroup;
  fmt::print("cgroup v2     {}{}\n", cgroup.mount, cgroup.delegated ? " (a delegated tree)" : "");
  fmt::print("controllers   {}\n", list(cgroup.controllers));
  fmt::print("pressure      {}\n", cgroup.psi ? "measured (PSI)" : "not measured: boot with psi=1");
  fmt::print("back-end      {} ({})\n", cgroup.backend ? to_text(*cgroup.backend) : "none",
             cgroup.backend_reason);
}

void print_host(const Host& host, const Reserve& reserve, const Capacity& capacity) {
  fmt::print("CPUs          {} ({})\n", host.online.size(), host.online.str());
  if (host.cpu_quota)
    fmt::print("CPU quota     {} (a cgroup above gives no more)\n", to_text(*host.cpu_quota));
  fmt::print("memory        {}, swap {}\n", to_text(host.memory_total), to_text(host.swap_total));
  for (const auto& node : host.numa_nodes)
    fmt::print("NUMA node {}   CPUs {}, {}\n", node.id, node.cpus.str(), to_text(node.memory));
  for (const auto& disk : host.disks)
    fmt::print("disk          {} ({}), {}\n", disk.name, disk.device, to_text(disk.size));
  fmt::print("kernel        {}\n", host.kernel_release);
  print_cgroup(host);
  fmt::print("kept back     {} cores, {}\n", to_text(reserve.cpu), to_text(reserve.memory));
  fmt::print("for pools     {} cores, {}, {} tasks\n", to_text(capacity.cpu),
             to_text(capacity.memory), capacity.pids.value);
}

/// Which device carries the limits of each declared disk.
void print_declared(const PoolTree& tree) {
  for (const auto& disk : tree.disks)
    if (disk.declared)
      fmt::print("io limits     {}: on {}\n", tree.host.disks[*disk.declared].path.value,
                 disk.carrier.str());
}

/// The configuration where there is a file, else the defaults and no pools.
Result<Loaded> load_if_there(const Arguments& args) {
  auto loaded = load(args.options);
  if (loaded || loaded.error().sys != ENOENT) return loaded;
  return Loaded{};
}

}  // namespace

Result<int> init_command(const Arguments& args) {
  WEIR_TRY(const auto host, load_host(args.options));
  WEIR_CHECK(write_new_config(args.options.config, example_config(host)));
  if (args.json)
    print_json({{"written", args.options.config}});
  else
    note(args, fmt::format("wrote {}; next: weir plan, then weir apply", args.options.config));
  return 0;
}

Result<int> host_command(const Arguments& args) {
  WEIR_TRY(const auto host, load_host(args.options));
  WEIR_TRY(const auto loaded, load_if_there(args));
  const auto& reserve = loaded.config.host.reserve;
  WEIR_TRY(const auto capacity, capacity_of(host, reserve));
  if (args.json) {
    print_json(host_json(host, reserve, capacity, loaded.tree ? &*loaded.tree : nullptr));
    return 0;
  }
  print_host(host, reserve, capacity);
  if (loaded.tree) print_declared(*loaded.tree);
  return 0;
}

Result<int> check_command(const Arguments& args) {
  auto options = args.options;
  if (args.file) options.config = *args.file;
  WEIR_TRY(const auto loaded, load(options));
  if (args.json) {
    print_json(check_json(loaded));
    return loaded.has_errors() ? exit_status(Errc::config) : 0;
  }
  for (const auto& diagnostic : loaded.diagnostics)
    fmt::print(stderr, "{}\n", render(loaded.config, diagnostic));
  if (loaded.has_errors()) return exit_status(Errc::config);
  note(args, fmt::format("{}: {} pool{}, no mistakes", options.config, loaded.config.pools.size(),
                         loaded.config.pools.size() == 1 ? "" : "s"));
  return 0;
}

}  // namespace weir::cli
