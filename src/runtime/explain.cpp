// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/explain.h"

#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/chain_reader.h"
#include "weir/cgroup/observe.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/preempt.h"

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
    if (const auto path = find_container_called(session.io, session.tree, name))
      return Found{std::string{name}, ExplainKind::container, *path};
  return fail(Errc::not_found,
              fmt::format("no {} '{}'",
                          only_pool        ? "pool"
                          : only_container ? "container"
                                           : "pool or container",
                          printable(name, 64)),
              "`weir status` shows both");
}

std::optional<std::size_t> pool_of(const PoolTree& tree, const Found& found) {
  const auto slice = found.kind == ExplainKind::pool ? found.path : found.path.parent();
  return tree.find_at(slice);
}

/// What its pool has taken and borrowed, and a sentence about it.
Status add_account(Session& session, std::size_t pool, ExplainReport& out) {
  WEIR_TRY(const auto observed, observe(session.io, session.tree.top, Depth::containers));
  std::vector<PoolBooks> sums(session.tree.pools.size());
  for (const auto& member : members_of(session.tree, observed))
    sums[member.pool].add(as_counted(session.io, member.path, member.record));
  out.account = accounts_of(session.tree, sums)[pool];
  if (out.account.borrowed == Resources{}) return {};
  const auto& lender = out.account.lender;
  out.lender = lender ? session.tree.pools[*lender].name().str() : "host";
  const auto& name = session.tree.pools[pool].name().str();
  const Cores cpu{out.account.borrowed[Resource::cpu]};
  const Bytes memory{out.account.borrowed[Resource::memory]};
  std::vector<std::string> parts;
  if (cpu.value > 0) parts.push_back(fmt::format("{} cores", to_text(cpu)));
  if (memory.value > 0) parts.push_back(fmt::format("{} of memory", to_text(memory)));
  out.explanation.reason += fmt::format(
      " Reserved: pool '{}' has borrowed {} from {}, beyond what it reserves itself.", name,
      join_words(parts), lender ? fmt::format("pool '{}'", out.lender) : "the host");
  return {};
}

}  // namespace

Result<ExplainReport> explain_named(Session& session, const std::string& name) {
  WEIR_TRY(const auto found, find_named(session, name));
  ExplainReport out;
  out.name = found.name;
  out.kind = found.kind;
  auto chain = read_chain(session.io, found.path);
  if (!chain && chain.error().code == Errc::not_found)
    return fail(Errc::not_found,
                fmt::format("pool '{}' is in the file but not in the kernel", out.name),
                "`weir apply` makes it");
  if (!chain) return pass(std::move(chain));
  out.chain = std::move(*chain);
  out.explanation = explain(out.chain, session.host.cpu_total());
  if (const auto pool = pool_of(session.tree, found)) WEIR_CHECK(add_account(session, *pool, out));
  return out;
}

}  // namespace weir
