// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/explain.h"

#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/chain_reader.h"
#include "weir/runtime/containers.h"

namespace weir {
namespace {

struct Found {
  std::string name;
  ExplainKind kind;
  CgroupPath path;
};

Result<Found> find_named(Session& session, std::string_view name) {
  constexpr std::string_view pool_prefix = "pool:", container_prefix = "ctr:";
  const bool only_pool = name.starts_with(pool_prefix);
  const bool only_container = name.starts_with(container_prefix);
  if (only_pool) name.remove_prefix(pool_prefix.size());
  if (only_container) name.remove_prefix(container_prefix.size());
  if (!only_container)
    if (const auto pool = session.tree.find(name))
      return Found{std::string{name}, ExplainKind::pool, session.tree.pools[*pool].path};
  if (!only_pool)
    if (const auto container = ContainerName::parse(name))
      if (const auto path = find_container(session.io, session.tree, *container))
        return Found{std::string{name}, ExplainKind::container, *path};
  return fail(Errc::not_found,
              fmt::format("no {} '{}'",
                          only_pool        ? "pool"
                          : only_container ? "container"
                                           : "pool or container",
                          printable(name, 64)),
              "`weir status` shows both");
}

}  // namespace

Result<ExplainReport> explain_named(Session& session, const std::string& name) {
  WEIR_TRY(auto found, find_named(session, name));
  ExplainReport out;
  out.name = std::move(found.name);
  out.kind = found.kind;
  auto chain = read_chain(session.io, found.path);
  if (!chain && chain.error().code == Errc::not_found)
    return fail(Errc::not_found,
                fmt::format("pool '{}' is in the file but not in the kernel", out.name),
                "`weir apply` makes it");
  if (!chain) return pass(std::move(chain));
  out.chain = std::move(*chain);
  out.explanation = explain(out.chain, session.host.cpu_total());
  return out;
}

}  // namespace weir
