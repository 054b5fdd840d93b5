// SPDX-License-Identifier: Apache-2.0
#include "weir/model/host.h"

#include <algorithm>
#include <fmt/format.h>

namespace weir {

std::string_view to_text(Controller controller) {
  switch (controller) {
    case Controller::cpu:
      return "cpu";
    case Controller::memory:
      return "memory";
    case Controller::pids:
      return "pids";
    case Controller::io:
      return "io";
    case Controller::cpuset:
      return "cpuset";
  }
  return "";
}

std::optional<Controller> controller_named(std::string_view text) {
  for (const auto controller : all_controllers)
    if (to_text(controller) == text) return controller;
  return std::nullopt;
}

std::string_view to_text(Backend backend) {
  return backend == Backend::systemd ? "systemd" : "cgroupfs";
}

bool CgroupHost::has(Controller controller) const {
  return std::ranges::find(controllers, to_text(controller)) != controllers.end();
}

Cores Host::cpu_total() const {
  const auto cpus = whole_cores(static_cast<std::int64_t>(online.size()));
  return cpu_quota ? std::min(*cpu_quota, cpus) : cpus;
}

Result<Capacity> capacity_of(const Host& host, const Reserve& reserve) {
  // Tasks for the system: pools must not be able to use up every pid of the host.
  const Tasks kept{std::min<std::int64_t>(1024, host.tasks_max.value / 4)};
  const Capacity out{host.cpu_total() - reserve.cpu, page_floor(host.memory_total - reserve.memory),
                     host.tasks_max - kept};
  if (out.cpu < min_cores)
    return fail(
        Errc::config,
        fmt::format("[host] reserve keeps {} of {} CPU cores back: nothing is left for pools",
                    to_text(reserve.cpu), to_text(host.cpu_total())),
        "lower host.reserve.cpu");
  if (out.memory.value < page_size)
    return fail(Errc::config,
                fmt::format("[host] reserve keeps {} of {} memory back: nothing is left for pools",
                            to_text(reserve.memory), to_text(host.memory_total)),
                "lower host.reserve.memory");
  return out;
}

}  // namespace weir
