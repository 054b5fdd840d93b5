// SPDX-License-Identifier: Apache-2.0
#include "pool_index.h"

#include "report.h"

namespace weir::config {

PoolIndex::PoolIndex(const Config& config)
    : parent(config.pools.size()), children(config.pools.size()) {
  by_name.reserve(config.pools.size());
  for (std::size_t i = 0; i < config.pools.size(); ++i)
    by_name.emplace(config.pools[i].name.str(), i);
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const auto& name = config.pools[i].parent;
    if (!name) {
      top.push_back(i);
    } else if (const auto found = find(name->value)) {
      parent[i] = found;
      children[*found].push_back(i);
    }
  }
}

std::optional<std::size_t> PoolIndex::find(std::string_view name) const {
  const auto found = by_name.find(name);
  return found == by_name.end() ? std::nullopt : std::optional{found->second};
}

std::string nearest_pool(std::string_view name, const Config& config, const PoolIndex& index,
                         bool leaves_only) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < config.pools.size(); ++i)
    if (!leaves_only || index.is_leaf(i)) names.push_back(config.pools[i].name.str());
  return did_you_mean(name, names);
}

}  // namespace weir::config
