// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "weir/policy/dynamic.h"
#include "weir/policy/fair.h"

namespace weir {
namespace {

/// A little above what it holds, so that growing is not stalled before the next tick.
constexpr std::int64_t head_room = std::int64_t{16} << 20;

std::int64_t wanted(const PoolDemand& demand) {
  return demand.held + std::max(head_room, demand.held * 15 / 100);
}

std::vector<FairNode> memory_nodes(const PoolTree& tree, std::span<const PoolDemand> demands) {
  std::vector<FairNode> out;
  out.reserve(tree.pools.size());
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    const auto& pool = tree.pools[i];
    FairNode node{pool.parent, pool.memory.shares, pool.memory.reservation.value, {}, {}};
    if (pool.memory.limit) node.limit = pool.memory.limit->value;
    if (pool.children.empty() && !demands[i].wants_all) node.demand = wanted(demands[i]);
    out.push_back(node);
  }
  return out;
}

std::vector<MemoryLeaf> leaves_of(std::span<const GovernedPool> pools, std::int64_t capacity) {
  std::vector<MemoryLeaf> out;
  for (const auto& pool : pools) {
    MemoryLeaf leaf{pool.current, pool.current, pool.current, pool.some};
    if (pool.governed) {
      leaf.high = pool.high.value_or(capacity);
      leaf.target = std::max(pool.target, pool.unreclaimable);
    }
    out.push_back(leaf);
  }
  return out;
}

/// Takes the pressure away from who holds what another one is short of.
void spare_no_borrower(std::span<const GovernedPool> pools, std::vector<MemoryLeaf>& leaves) {
  const auto is_short = [](const GovernedPool& pool) {
    return pool.wants_all && pool.current < pool.target;
  };
  const auto needy = std::ranges::count_if(pools, is_short);
  for (std::size_t i = 0; i < pools.size(); ++i)
    if (needy > (is_short(pools[i]) ? 1 : 0)) leaves[i].some = 0;
}

}  // namespace

std::vector<std::int64_t> divide_memory(const PoolTree& tree, std::span<const PoolDemand> demands) {
  auto nodes = memory_nodes(tree, demands);
  const auto capacity = tree.capacity.memory.value;
  const auto by_demand = solve_fair(nodes, capacity).amount;
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].reservation = by_demand[i];
  return solve_saturated(nodes, capacity).amount;
}

std::vector<HighWrite> MemoryGovernor::worthwhile(double time, std::span<const MemoryLeaf> leaves,
                                                  std::vector<HighWrite> writes) {
  std::erase_if(writes, [&](const HighWrite& write) {
    const auto from = leaves[write.leaf].high;
    const auto change = from < write.high ? write.high - from : from - write.high;
    return change < std::max(from / 50, capacity_ / 100) ||
           time - written_at_[write.leaf] < memory_high_dwell;
  });
  for (const auto& write : writes) written_at_[write.leaf] = time;
  return writes;
}

std::vector<HighWrite> MemoryGovernor::shrink(double time, std::span<const GovernedPool> pools) {
  written_at_.resize(pools.size(), time - memory_high_dwell);
  auto now = leaves_of(pools, capacity_);
  spare_no_borrower(pools, now);
  // In one step: what cannot be reclaimed is never asked for, and the kernel takes the rest at the
  // write itself.
  return worthwhile(time, now, shrink_step(now, capacity_));
}

std::vector<HighWrite> MemoryGovernor::grow(double time, std::span<const GovernedPool> pools) {
  const auto now = leaves_of(pools, capacity_);
  return worthwhile(time, now, grow_step(now, capacity_));
}

}  // namespace weir
