// SPDX-License-Identifier: Apache-2.0
#include "tree_checks.h"

#include <fmt/format.h>

namespace weir {

Status check_single_tree(Session& session) {
  const auto parent = session.tree.top.parent();
  WEIR_TRY(const auto names, session.io.children(parent));
  for (const auto& name : names) {
    const auto path = parent.child(name);
    if (!path || *path == session.tree.top || !name.ends_with(".slice")) continue;
    const auto record = session.io.attribute(*path, attribute::pool);
    const bool ours = record && *record && PoolRecord::parse(**record);
    if (ours)
      return fail(
          Errc::conflict,
          fmt::format("weir's tree is at {} now, the file says {}", name, session.tree.top.str()),
          fmt::format("tear it down first: weir teardown with [host] slice = \"{}\"", name));
  }
  return {};
}

Status check_same_backend(const Session& session, const ObservedTree& observed) {
  if (observed.cgroups.empty() || !observed.cgroups.front().pool) return {};
  const auto made_by = observed.cgroups.front().pool->backend;
  if (made_by == session.tree.backend) return {};
  return fail(Errc::conflict,
              fmt::format("{} was made by the {} back-end, this would be {}",
                          session.tree.top.str(), to_text(made_by), to_text(session.tree.backend)),
              fmt::format("tear it down first: weir teardown with [host] backend = \"{}\"",
                          to_text(made_by)));
}

}  // namespace weir
