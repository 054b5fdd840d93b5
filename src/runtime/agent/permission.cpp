// SPDX-License-Identifier: Apache-2.0
#include "agent/permission.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/cgroup/users.h"

namespace weir {
namespace {

bool contains(const std::vector<std::uint32_t>& ids, std::uint32_t id) {
  return std::ranges::find(ids, id) != ids.end();
}

bool is_member(const std::vector<std::uint32_t>& groups, const ProcessIds& who) {
  return contains(groups, who.groups.front()) ||
         std::ranges::any_of(who.supplementary,
                             [&](std::uint32_t id) { return contains(groups, id); });
}

tl::unexpected<Error> denied(const Pool& pool, std::string_view why) {
  return fail(Errc::denied, fmt::format("pool '{}': {}", pool.name().str(), why),
              "[pool.NAME.allow] of weir.toml says who may do what");
}

}  // namespace

Permissions::Permissions(const PoolTree& tree) {
  for (const auto& pool : tree.pools) {
    auto& allowed = pools_.emplace_back();
    if (!pool.spec.allow) continue;
    const auto miss = [&](std::string_view kind, const std::string& name) {
      unknown_.push_back(
          fmt::format("pool '{}': allow: there is no {} '{}'", pool.name().str(), kind, name));
    };
    for (const auto& name : pool.spec.allow->users)
      if (const auto user = find_user(name))
        allowed.users.push_back(user->uid);
      else
        miss("user", name);
    for (const auto& name : pool.spec.allow->groups)
      if (const auto group = find_group(name))
        allowed.groups.push_back(*group);
      else
        miss("group", name);
  }
}

bool Permissions::has(const Allowed& allowed, const ProcessIds& who) {
  return contains(allowed.users, who.users.front()) || is_member(allowed.groups, who);
}

Status Permissions::check_known(const ProcessIds& who) const {
  const bool known =
      who.users.front() == 0 ||
      std::ranges::any_of(pools_, [&](const Allowed& pool) { return has(pool, who); });
  if (known) return {};
  return fail(Errc::denied, fmt::format("uid {} may use no pool", who.users.front()),
              "[pool.NAME.allow] of weir.toml says who may");
}

Status Permissions::check(const PoolTree& tree, std::size_t index, const ProcessIds& who,
                          const ContainerRecord& record) const {
  const auto uid = who.users.front();
  if (uid == 0) return {};
  const auto& pool = tree.pools[index];
  if (!has(pools_[index], who))
    return denied(pool, fmt::format("uid {} may not start containers here", uid));
  const auto& bounds = *pool.spec.allow;
  if (bounds.max_priority && record.priority > *bounds.max_priority)
    return denied(pool, fmt::format("priority {} is above max_priority = {}", record.priority,
                                    *bounds.max_priority));
  if (bounds.max_request_cpu && record.cpu_reserved() > *bounds.max_request_cpu)
    return denied(pool,
                  fmt::format("a request of {} cores is above max_request.cpu = {}",
                              to_text(record.cpu_reserved()), to_text(*bounds.max_request_cpu)));
  if (bounds.max_request_memory && record.memory_reserved() > *bounds.max_request_memory)
    return denied(
        pool, fmt::format("a request of {} is above max_request.memory = {}",
                          to_text(record.memory_reserved()), to_text(*bounds.max_request_memory)));
  return {};
}

}  // namespace weir
