// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "weir/policy/dynamic.h"
#include "weir/policy/fair.h"
#include "weir/policy/io.h"

#include "io_nodes.h"

namespace weir {
namespace {

std::int64_t percent_more(std::int64_t value, std::int64_t percent) {
  return value + static_cast<std::int64_t>(static_cast<__int128>(value) * percent / 100);
}

/// What it used and half as much again: who is held back by its limit doubles in two ticks.
std::int64_t wanted(const IoUse& used, DeviceNumber device, IoRate rate) {
  const auto at = used.find(device);
  const auto now = at == used.end() ? 0 : at->second[rate].value_or(0);
  return percent_more(std::clamp<std::int64_t>(now, 0, std::int64_t{1} << 59), 50);
}

void divide(const PoolTree& tree, std::size_t disk, IoRate rate, std::span<const IoUse> used,
            std::vector<IoMax>& out) {
  const auto device = tree.disks[disk].carrier.device;
  const auto capacity = *tree.disks[disk].capability[rate];
  auto nodes = io_nodes(tree, disk, rate);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (tree.pools[i].children.empty()) nodes[i].demand = wanted(used[i], device, rate);
  const auto by_demand = solve_fair(nodes, capacity).amount;
  const auto reservations = io_nodes(tree, disk, rate);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].reservation = by_demand[i];
  const auto amounts = solve_saturated(nodes, capacity).amount;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (tree.pools[i].spec.mode != Mode::dynamic) continue;
    const auto given = std::max(
        {percent_more(amounts[i], 10), reservations[i].reservation, least_io_entitlement(rate)});
    out[i][device][rate] = std::min(given, nodes[i].limit.value_or(given));
  }
}

}  // namespace

std::vector<IoMax> io_limits_by_demand(const PoolTree& tree, std::span<const IoUse> used) {
  auto out = io_limits(tree);
  for (std::size_t disk = 0; disk < tree.disks.size(); ++disk) {
    if (!is_divided(tree, disk)) continue;
    for (const auto rate : all_io_rates)
      if (tree.disks[disk].capability[rate]) divide(tree, disk, rate, used, out);
  }
  return out;
}

}  // namespace weir
