// SPDX-License-Identifier: Apache-2.0
#include "weir/model/pool.h"

#include <algorithm>

namespace weir {

std::optional<std::size_t> PoolTree::find(std::string_view name) const {
  for (std::size_t i = 0; i < pools.size(); ++i)
    if (pools[i].name().str() == name) return i;
  return std::nullopt;
}

std::optional<std::size_t> PoolTree::find_at(const CgroupPath& slice) const {
  for (std::size_t i = 0; i < pools.size(); ++i)
    if (pools[i].path == slice) return i;
  return std::nullopt;
}

std::vector<std::size_t> PoolTree::top_pools() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < pools.size(); ++i)
    if (!pools[i].parent) out.push_back(i);
  return out;
}

std::vector<std::size_t> PoolTree::chain(std::size_t pool) const {
  std::vector<std::size_t> out{pool};
  while (const auto parent = pools[out.back()].parent) out.push_back(*parent);
  return out;
}

Cores PoolTree::effective_cpu_limit(std::size_t pool) const {
  auto least = capacity.cpu;
  for (const auto i : chain(pool))
    if (pools[i].cpu.limit) least = std::min(least, *pools[i].cpu.limit);
  return least;
}

Bytes PoolTree::effective_memory_limit(std::size_t pool) const {
  auto least = capacity.memory;
  for (const auto i : chain(pool))
    if (pools[i].memory.limit) least = std::min(least, *pools[i].memory.limit);
  return least;
}

}  // namespace weir
