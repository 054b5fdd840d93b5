// SPDX-License-Identifier: Apache-2.0
#include "top_view.h"

#include <algorithm>
#include <fmt/format.h>

namespace weir::cli {
namespace {

std::string cores(const std::optional<Cores>& value) {
  return value ? fmt::format("{:.2f}", as_double(*value)) : "-";
}
std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}%", *value) : "-";
}

constexpr auto pool_row = "{:<24.24} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8} {:>6} {:>10}";
constexpr auto container_row = "{:<24.24} {:<16.16} {:<8} {:>8} {:>8} {:>9} {:>9} {:>6}";

std::string pool_line(const PoolTree& tree, const PoolStatus& entry) {
  const auto& pool = tree.pools[entry.pool];
  const std::string indent(2 * (tree.chain(entry.pool).size() - 1), ' ');
  return fmt::format(pool_row, indent + pool.name().str(), cores(pool.cpu.reservation),
                     cores(entry.cpu_entitlement), cores(entry.cpu.usage),
                     percent(entry.cpu.pressure), to_text(entry.memory_entitlement),
                     to_text(entry.memory.usage), percent(entry.memory.pressure), entry.pids,
                     entry.applied ? fmt::format("{}", entry.containers) : "no slice");
}

std::string container_line(const PoolTree& tree, const ContainerStatus& entry) {
  const auto& record = entry.member.record;
  return fmt::format(container_row, record.name.str(), tree.pools[entry.member.pool].name().str(),
                     entry.frozen ? "frozen" : "running", cores(entry.cpu_entitlement),
                     cores(entry.cpu.usage),
                     record.memory_limit ? to_text(*record.memory_limit) : "-",
                     to_text(entry.memory_usage), entry.pids);
}

/// What `order` compares, the largest first.
double weight_of(const HostStatus& status, const ContainerStatus& entry, TopOrder order) {
  switch (order) {
    case TopOrder::cpu:
      return as_double(entry.cpu.usage.value_or(Cores{}));
    case TopOrder::memory:
      return static_cast<double>(entry.memory_usage.value);
    case TopOrder::pressure:
      return status.pools[entry.member.pool].cpu.pressure.value_or(0);
    case TopOrder::name:
      break;
  }
  return 0;
}

std::vector<const ContainerStatus*> ordered(const HostStatus& status, TopOrder order) {
  std::vector<const ContainerStatus*> out;
  for (const auto& entry : status.containers) out.push_back(&entry);
  std::ranges::stable_sort(out, {}, [](const auto* entry) { return entry->member.record.name; });
  std::ranges::stable_sort(out, std::greater<>{},
                           [&](const auto* entry) { return weight_of(status, *entry, order); });
  return out;
}

}  // namespace

TopView top_view(const PoolTree& tree, const HostStatus& status, TopOrder order) {
  Cores used;
  Bytes held;
  for (const auto i : tree.top_pools()) {
    used += status.pools[i].cpu.usage.value_or(Cores{});
    held += status.pools[i].memory.usage;
  }
  TopView out;
  out.head.push_back(fmt::format("pools use {} of {} cores, {} of {}; {} containers", cores(used),
                                 to_text(status.capacity.cpu), to_text(held),
                                 to_text(status.capacity.memory), status.containers.size()));
  out.pools.push_back(fmt::format(pool_row, "POOL", "RESERVED", "ENTITLED", "CPU", "PRESSURE",
                                  "MEM DUE", "MEMORY", "PRESSURE", "TASKS", "CONTAINERS"));
  for (const auto& entry : status.pools) out.pools.push_back(pool_line(tree, entry));
  out.containers.push_back(fmt::format(container_row, "CONTAINER", "POOL", "STATE", "ENTITLED",
                                       "CPU", "MEM LIMIT", "MEMORY", "TASKS"));
  for (const auto* entry : ordered(status, order))
    out.containers.push_back(container_line(tree, *entry));
  return out;
}

}  // namespace weir::cli
