// SPDX-License-Identifier: Apache-2.0
// Who is whose parent, as the pools of a configuration say it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "weir/model/config.h"

namespace weir::config {

/// Refers into the configuration it was made from. Cycles are kept as they are: following children
/// from `top` never meets one.
struct PoolIndex {
  explicit PoolIndex(const Config& config);

  std::unordered_map<std::string_view, std::size_t> by_name;
  std::vector<std::optional<std::size_t>> parent;  ///< absent also where the name is unknown
  std::vector<std::vector<std::size_t>> children;  ///< in file order
  std::vector<std::size_t> top;                    ///< pools that name no parent

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] bool is_leaf(std::size_t pool) const { return children[pool].empty(); }
};

/// "did you mean 'web'?" among the pools, `leaves_only` or all.
std::string nearest_pool(std::string_view name, const Config& config, const PoolIndex& index,
                         bool leaves_only);

}  // namespace weir::config
