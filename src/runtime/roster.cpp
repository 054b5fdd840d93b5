// SPDX-License-Identifier: Apache-2.0
#include "roster.h"

#include <set>

#include "weir/runtime/containers.h"

#include "record_io.h"

namespace weir {
namespace {

/// Pools whose containers may move, and those where they may go.
std::set<std::size_t> spilling_pools(const PoolTree& tree) {
  std::set<std::size_t> out;
  for (std::size_t i = 0; i < tree.pools.size(); ++i)
    for (const auto& target : tree.pools[i].spec.spill)
      if (const auto to = tree.find(target.value)) {
        out.insert(i);
        out.insert(*to);
      }
  return out;
}

std::optional<Roster::Entry> read_entry(CgroupIo& io, const CgroupPath& path, std::size_t pool,
                                        std::string& name) {
  const auto record = read_record(io, path).value_or(std::nullopt);
  if (!record) return std::nullopt;
  Roster::Entry out;
  out.path = path;
  out.pool = pool;
  if (record->cpu_limit) out.cpu_limit = record->cpu_limit->value;
  name = record->name.str();
  return out;
}

}  // namespace

void Roster::refresh(Session& session) {
  std::map<CgroupPath, std::string> known;
  for (const auto& [name, entry] : members) known.emplace(entry.path, name);
  std::set<std::string> seen;
  for (const auto pool : spilling_pools(session.tree)) {
    const auto& slice = session.tree.pools[pool].path;
    const auto leaves = session.io.children(slice);
    if (!leaves) continue;
    for (const auto& leaf : *leaves) {
      const auto path = slice.child(leaf);
      if (!path || leaf.ends_with(".slice")) continue;
      if (const auto at = known.find(*path); at != known.end()) {
        seen.insert(at->second);
        continue;
      }
      std::string name;
      auto entry = read_entry(session.io, *path, pool, name);
      if (!entry) continue;
      seen.insert(name);
      members.insert_or_assign(name, std::move(*entry));
    }
  }
  std::erase_if(members, [&](const auto& entry) { return !seen.contains(entry.first); });
}

}  // namespace weir
