// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/containers.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <map>

#include "weir/base/text.h"
#include "weir/cgroup/clear.h"
#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/runtime/journal.h"
#include "weir/runtime/remains.h"

#include "record_io.h"
#include "relocate.h"

namespace weir {
namespace {

Result<std::optional<Member>> read_member(CgroupIo& io, const CgroupPath& path, std::size_t pool) {
  WEIR_TRY(auto record, read_record(io, path));
  if (!record || record->remains) return std::optional<Member>{};
  return std::optional{Member{std::move(*record), path, pool}};
}

/// The scope of a container that was moved on a systemd host: unit names are unique, so it is
/// called NAME-g2.scope or higher.
std::optional<CgroupPath> find_later_scope(CgroupIo& io, const Pool& pool,
                                           const ContainerName& name) {
  const auto names = io.children(pool.path);
  if (!names) return std::nullopt;
  for (const auto& child : *names) {
    if (!child.starts_with(name.str() + "-g") || !child.ends_with(".scope")) continue;
    const auto path = pool.path.child(child);
    const auto record = path ? read_record(io, *path).value_or(std::nullopt) : std::nullopt;
    if (record && record->name == name && !record->remains) return *path;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Member> members_of(const PoolTree& tree, const ObservedTree& observed) {
  if (observed.cgroups.empty()) return {};
  std::map<std::string_view, std::size_t> by_path;
  for (std::size_t i = 0; i < tree.pools.size(); ++i) by_path.emplace(tree.pools[i].path.str(), i);
  std::vector<Member> out;
  for (const auto& cgroup : observed.cgroups) {
    if (cgroup.kind != CgroupKind::container || cgroup.container->remains) continue;
    const auto parent = cgroup.path.parent();
    const auto pool = by_path.find(parent.str());
    if (pool != by_path.end()) out.push_back({*cgroup.container, cgroup.path, pool->second});
  }
  return out;
}

Result<std::vector<Member>> read_members(CgroupIo& io, const PoolTree& tree, std::size_t pool) {
  std::vector<Member> out;
  const auto names = io.children(tree.pools[pool].path);
  if (!names && is_gone(names.error())) return out;
  if (!names) return tl::unexpected(names.error());
  for (const auto& name : *names) {
    const auto path = tree.pools[pool].path.child(name);
    if (!path || name.ends_with(".slice")) continue;
    WEIR_TRY(auto member, read_member(io, *path, pool));
    if (member) out.push_back(std::move(*member));
  }
  return out;
}

Result<CgroupPath> container_path(const PoolTree& tree, std::size_t pool,
                                  const ContainerName& name) {
  return tree.pools[pool].path.child(name.str() + ".scope");
}

std::optional<CgroupPath> find_container(CgroupIo& io, const PoolTree& tree,
                                         const ContainerName& name) {
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    if (!tree.pools[i].children.empty()) continue;
    const auto path = container_path(tree, i, name);
    if (path && io.exists(*path)) {
      const auto record = read_record(io, *path).value_or(std::nullopt);
      if (!record || !record->remains) return *path;
    }
    if (tree.backend != Backend::systemd) continue;
    if (auto later = find_later_scope(io, tree.pools[i], name)) return later;
  }
  return std::nullopt;
}

std::optional<CgroupPath> find_container_called(CgroupIo& io, const PoolTree& tree,
                                                std::string_view name) {
  constexpr std::size_t shortest_prefix = 8;
  const auto existing = ContainerName::parse_existing(name);
  if (!existing) return std::nullopt;
  if (auto found = find_container(io, tree, *existing)) return found;
  const bool maybe_id = name.size() >= shortest_prefix &&
                        name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  std::optional<CgroupPath> by_id;
  std::size_t of_this_id = 0;
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    if (!tree.pools[i].children.empty()) continue;
    const auto members = read_members(io, tree, i);
    if (!members) continue;
    for (const auto& member : *members) {
      if (member.record.name == *existing) return member.path;
      if (!maybe_id || !member.record.runtime.id.starts_with(name)) continue;
      by_id = member.path;
      ++of_this_id;
    }
  }
  return of_this_id == 1 ? by_id : std::nullopt;
}

Result<std::size_t> reclaim_dead(Session& session, const ObservedTree& observed) {
  std::size_t removed = 0;
  const auto busy = busy_cgroups(session.run_dir);
  for (const auto& cgroup : observed.cgroups) {
    if (cgroup.kind != CgroupKind::container || cgroup.container->remains) continue;
    if (std::ranges::find(busy, cgroup.path) != busy.end()) continue;
    if (cgroup.populated) {
      // The journal went with /run/weir, the mark did not.
      if (cgroup.container->arriving) WEIR_CHECK(finish_arrival(session.io, cgroup.path));
      continue;
    }
    if (cgroup.container->is_settling(wall_us())) continue;
    const auto done = remove_tree(session.io, cgroup.path);
    if (done) ++removed;
    // Populated again means it was alive after all.
    if (!done && done.error().sys != EBUSY) return tl::unexpected(done.error());
  }
  WEIR_TRY(const auto drained, settle_remains(session, observed));
  return removed + drained;
}

Status settle_weights(Session& session, std::size_t pool) {
  const auto entitled = entitlements(session.tree);
  WEIR_TRY(const auto members, read_members(session.io, session.tree, pool));
  std::vector<ContainerRecord> records;
  for (const auto& member : members) records.push_back(member.record);
  const auto inside = member_entitlements(session.tree.pools[pool].spec.policy.value,
                                          entitled.cpu[pool], entitled.memory[pool], records);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto wanted = fmt::format("{}", inside.weight[i]);
    auto now = session.io.read(members[i].path, file::cpu_weight);
    if (now && same_value(file::cpu_weight, *now, wanted)) continue;
    if (now) {
      auto written = session.io.write(members[i].path, file::cpu_weight, wanted);
      if (written || is_gone(written.error())) continue;
      return written;
    }
    if (!is_gone(now.error())) return pass(std::move(now));
  }
  return {};
}

Result<std::uint16_t> newcomer_weight(Session& session, std::size_t pool,
                                      const ContainerRecord& record) {
  const auto entitled = entitlements(session.tree);
  WEIR_TRY(const auto members, read_members(session.io, session.tree, pool));
  std::vector<ContainerRecord> records;
  for (const auto& member : members) records.push_back(member.record);
  records.push_back(record);
  return member_entitlements(session.tree.pools[pool].spec.policy.value, entitled.cpu[pool],
                             entitled.memory[pool], records)
      .weight.back();
}

Result<std::size_t> find_pool(const PoolTree& tree, std::string_view name) {
  if (const auto pool = tree.find(name)) return *pool;
  std::vector<std::string_view> names;
  for (const auto& pool : tree.pools) names.push_back(pool.name().str());
  const auto near = nearest(name, names);
  return fail(
      Errc::not_found, fmt::format("no pool '{}'", printable(name, 60)),
      near.empty() ? "`weir pool list` shows the pools" : fmt::format("did you mean '{}'?", near));
}

Result<std::size_t> find_leaf_pool(const PoolTree& tree, std::string_view name) {
  WEIR_TRY(const auto pool, find_pool(tree, name));
  const auto& children = tree.pools[pool].children;
  if (children.empty()) return pool;
  std::vector<std::string> names;
  for (const auto child : children)
    names.push_back(fmt::format("'{}'", tree.pools[child].name().str()));
  return fail(Errc::usage,
              fmt::format("pool '{}' has child pools and holds no containers itself", name),
              fmt::format("use {}", join_words(names)));
}

}  // namespace weir
