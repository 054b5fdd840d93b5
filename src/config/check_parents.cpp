// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"

#include "checks.h"

namespace weir::config {
namespace {

std::string key_of(const PoolSpec& pool) { return fmt::format("pool.{}.parent", pool.name.str()); }

void check_known(const Config& config, const PoolIndex& index, const Missing& missing,
                 Report& report) {
  for (const auto& pool : config.pools) {
    if (!pool.parent || index.find(pool.parent->value) || missing.explains(pool.parent->value))
      continue;
    report.error(pool.parent->at, key_of(pool),
                 fmt::format("there is no pool '{}'", printable(pool.parent->value, 60)),
                 nearest_pool(pool.parent->value, config, index, false));
  }
}

/// The pools of the cycle that `start` runs into, or none. `done` marks what was followed before.
std::vector<std::size_t> find_cycle(const PoolIndex& index, std::size_t start,
                                    std::vector<std::size_t>& done) {
  const auto run = start + 1;  // 0 is "not yet"
  auto at = std::optional{start};
  while (at && done[*at] == 0) {
    done[*at] = run;
    at = index.parent[*at];
  }
  if (!at || done[*at] != run) return {};
  std::vector<std::size_t> cycle;
  for (auto i = *at; cycle.empty() || i != *at; i = *index.parent[i]) cycle.push_back(i);
  return cycle;
}

void check_cycles(const Config& config, const PoolIndex& index, Report& report) {
  std::vector<std::size_t> done(config.pools.size());
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    auto cycle = find_cycle(index, i, done);
    if (cycle.empty()) continue;
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    const auto& first = config.pools[cycle.front()];
    constexpr std::size_t most_shown = 8;
    std::string chain;
    for (std::size_t k = 0; k < std::min(cycle.size(), most_shown); ++k)
      chain += config.pools[cycle[k]].name.str() + " -> ";
    if (cycle.size() > most_shown) chain += "... -> ";
    report.error(first.parent->at, key_of(first),
                 cycle.size() == 1
                     ? "a pool cannot be its own parent"
                     : fmt::format("the parents form a cycle: {}{}", chain, first.name.str()),
                 "a pool at the top has no parent");
  }
}

void check_depth(const Config& config, const PoolIndex& index, Report& report) {
  std::vector<std::size_t> level = index.top;
  for (std::size_t depth = 1; depth <= max_pool_depth; ++depth) {
    std::vector<std::size_t> next;
    for (const auto i : level)
      next.insert(next.end(), index.children[i].begin(), index.children[i].end());
    level = std::move(next);
  }
  // What lies deeper still is in the same boat and needs no word of its own.
  for (const auto i : level) {
    const auto& pool = config.pools[i];
    report.error(pool.parent->at, key_of(pool),
                 fmt::format("'{}' stands {} levels deep, more than {}", pool.name.str(),
                             max_pool_depth + 1, max_pool_depth));
  }
}

}  // namespace

void check_parents(const Config& config, const PoolIndex& index, const Missing& missing,
                   Report& report) {
  check_known(config, index, missing, report);
  check_cycles(config, index, report);
  check_depth(config, index, report);
}

}  // namespace weir::config
