// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <set>

#include "weir/base/text.h"

#include "checks.h"

namespace weir::config {
namespace {

void check_inner(const PoolSpec& pool, const PoolSpec& child, Report& report) {
  const auto key = fmt::format("pool.{}", pool.name.str());
  const auto has_children = fmt::format("has child pools ('{}'", child.name.str());
  if (pool.policy.value != PolicyKind::fair)
    report.error(pool.policy.at, key + ".policy",
                 fmt::format("\"{}\" on a pool that {})", to_text(pool.policy.value), has_children),
                 "a pool with child pools is \"fair\": give the policy to its children");
  if (pool.match)
    report.warning(pool.at, key + ".match",
                   fmt::format("has no effect: the pool {}) and holds no containers", has_children),
                   "put it into a pool without children");
  if (pool.container.given)
    report.warning(pool.container.at, key + ".container",
                   fmt::format("has no effect: the pool {}) and holds no containers", has_children),
                   "put it into a pool without children");
}

/// A pool that containers are sent to must exist and have no children.
void check_target(const Located<std::string>& name, std::string_view key, const Config& config,
                  const PoolIndex& index, const Missing& missing, Report& report) {
  const auto found = index.find(name.value);
  if (!found && !missing.explains(name.value))
    report.error(name.at, key, fmt::format("there is no pool '{}'", printable(name.value, 60)),
                 nearest_pool(name.value, config, index, true));
  if (found && !index.is_leaf(*found))
    report.error(name.at, key,
                 fmt::format("'{}' has child pools and holds no containers of its own", name.value),
                 fmt::format("name a pool without children, such as '{}'",
                             config.pools[index.children[*found].front()].name.str()));
}

void check_spill(const PoolSpec& pool, const Config& config, const PoolIndex& index,
                 const Missing& missing, Report& report) {
  if (pool.spill.empty()) return;
  const auto key = fmt::format("pool.{}.spill", pool.name.str());
  std::set<std::string_view> seen;
  for (const auto& target : pool.spill) {
    check_target(target, key, config, index, missing, report);
    if (target.value == pool.name.str())
      report.error(target.at, key, "a pool cannot spill into itself");
    else if (!seen.insert(target.value).second)
      report.error(target.at, key, fmt::format("'{}' stands twice", printable(target.value, 60)));
  }
}

/// "X is above the pool's limit Y", or that the container could never start.
template <class T>
void check_fit(const PoolSpec& pool, std::string_view resource, const std::optional<T>& request,
               SourcePos request_at, const std::optional<T>& limit, SourcePos limit_at,
               const LocatedAmount<T>& pool_limit, Report& report) {
  if (!request && !limit) return;
  const auto key = fmt::format("pool.{}.container.{}", pool.name.str(), resource);
  if (request && limit && *request > *limit)
    report.error(
        request_at, key + ".request",
        fmt::format("{} is above the container's limit, {}", to_text(*request), to_text(*limit)));
  const auto* most = pool_limit ? std::get_if<T>(&pool_limit->value) : nullptr;
  if (most == nullptr) return;
  const auto above = [&](const T& amount) {
    return fmt::format("{} is above the pool's limit, {}", to_text(amount), to_text(*most));
  };
  // What a container requests must fit, and its limit is its request where it names none.
  if (request && *request > *most)
    report.error(request_at, key + ".request", above(*request));
  else if (limit && *limit > *most && !request)
    report.error(limit_at, key + ".limit", above(*limit), "no container could start with it");
  else if (limit && *limit > *most)
    report.warning(limit_at, key + ".limit", above(*limit));
}

}  // namespace

void check_leaves(const Config& config, const PoolIndex& index, const Missing& missing,
                  Report& report) {
  if (config.host.default_pool)
    check_target(*config.host.default_pool, "host.default_pool", config, index, missing, report);
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const auto& pool = config.pools[i];
    if (!index.is_leaf(i)) check_inner(pool, config.pools[index.children[i].front()], report);
    check_spill(pool, config, index, missing, report);
  }
}

void check_containers(const Config& config, Report& report) {
  for (const auto& pool : config.pools) {
    const auto& c = pool.container;
    check_fit(pool, "cpu", c.cpu_request, c.cpu_request_at, c.cpu_limit, c.cpu_limit_at,
              pool.cpu.limit, report);
    check_fit(pool, "memory", c.memory_request, c.memory_request_at, c.memory_limit,
              c.memory_limit_at, pool.memory.limit, report);
  }
}

}  // namespace weir::config
