// SPDX-License-Identifier: Apache-2.0
// [pool.NAME].
#include <set>

#include "sections.h"
#include "values.h"

namespace weir::config {
namespace {

std::optional<PolicyKind> policy_kind(const Field& field) {
  return one_of<PolicyKind>(field, {{"fair", PolicyKind::fair},
                                    {"drf", PolicyKind::drf},
                                    {"fifo", PolicyKind::fifo},
                                    {"round-robin", PolicyKind::round_robin},
                                    {"priority", PolicyKind::priority},
                                    {"throughput", PolicyKind::throughput},
                                    {"latency", PolicyKind::latency}});
}

std::optional<std::string> seccomp_profile(const Field& field) {
  auto name = text(field);
  if (!name || *name == "none" || *name == "default" || *name == "strict") return name;
  if (name->front() == '/') return absolute_path(field);
  auto hint = did_you_mean(*name, {"none", "default", "strict"});
  if (hint.empty()) hint = "known here: none, default, strict, or the absolute path of a profile";
  field.error(fmt::format("unknown value '{}'", printable(*name, 60)), std::move(hint));
  return std::nullopt;
}

/// Not an error: a policy may be tried out without rewriting the keys of the one before.
void warn_if_idle(TableReader& table, std::string_view key, const PoolSpec& pool,
                  PolicyKind wanted) {
  const auto* node = table.find(key);
  if (node == nullptr || pool.policy.value == wanted) return;
  table.field(key, *node)
      .warning(fmt::format("has no effect with policy \"{}\"", to_text(pool.policy.value)),
               fmt::format("it belongs to policy = \"{}\"", to_text(wanted)));
}

void read_policy(TableReader& table, PoolSpec& pool) {
  std::optional<Located<PolicyKind>> policy;
  const bool known = !table.read("policy", policy_kind, policy) || policy.has_value();
  pool.policy = policy.value_or(Located<PolicyKind>{PolicyKind::fair, pool.at});
  table.read(
      "mode",
      [](const Field& f) {
        return one_of<Mode>(f, {{"static", Mode::fixed}, {"dynamic", Mode::dynamic}});
      },
      pool.mode);
  constexpr std::chrono::milliseconds shortest_slice{100};
  table.read(
      "slice_time", [=](const Field& f) { return duration(f, shortest_slice); }, pool.slice_time);
  table.read("backfill", boolean, pool.backfill);
  table.read(
      "preempt",
      [](const Field& f) {
        return one_of<Preempt>(
            f, {{"none", Preempt::none}, {"freeze", Preempt::freeze}, {"kill", Preempt::kill}});
      },
      pool.preempt);
  if (!known) return;
  warn_if_idle(table, "slice_time", pool, PolicyKind::round_robin);
  warn_if_idle(table, "backfill", pool, PolicyKind::fifo);
  warn_if_idle(table, "preempt", pool, PolicyKind::priority);
}

void read_io_list(TableReader& table, PoolSpec& pool) {
  const auto* node = table.find("io");
  if (node == nullptr) return;
  const auto field = table.field("io", *node);
  if (node->kind == TomlKind::table)
    return field.error("expected an array of tables, found a table",
                       "write io = [ { path = \"/\", ... } ]");
  std::set<std::string> seen;
  auto items = list<IoSpec>(field, read_io);
  for (auto& io : items.value_or(std::vector<IoSpec>{})) {
    if (!seen.insert(io.path.value).second)
      field.report.error(io.path.at, field.key,
                         fmt::format("'{}' stands twice", printable(io.path.value)),
                         "keep one entry for each disk");
    pool.io.push_back(std::move(io));
  }
}

void read_resources(TableReader& table, PoolSpec& pool) {
  pool.shares.at = pool.at;
  table.read("shares", shares, pool.shares);
  if (const auto* node = table.find("cpu")) read_cpu(table.field("cpu", *node), pool.cpu);
  if (const auto* node = table.find("memory"))
    read_memory(table.field("memory", *node), pool.memory);
  if (const auto* node = table.find("pids")) {
    TableReader pids(table.field("pids", *node));
    pids.read("limit", tasks_or_percent, pool.pids.limit);
    pids.finish();
  }
  table.read("cpus", cpu_set, pool.cpus);
  read_io_list(table, pool);
  table.read("expandable", boolean, pool.expandable);
}

void read_behaviour(TableReader& table, PoolSpec& pool) {
  table.read("seccomp", seccomp_profile, pool.seccomp);
  table.read(
      "spill",
      [](const Field& f) {
        return list<Located<std::string>>(f, [](const Field& item) {
          auto name = text(item);
          return name ? std::optional{Located<std::string>{*name, item.node.at}} : std::nullopt;
        });
      },
      pool.spill);
  table.read(
      "on_error",
      [](const Field& f) {
        return one_of<OnError>(f, {{"open", OnError::open}, {"closed", OnError::closed}});
      },
      pool.on_error);
  table.read(
      "oom",
      [](const Field& f) {
        return one_of<OomScope>(f, {{"group", OomScope::group}, {"process", OomScope::process}});
      },
      pool.oom);
  constexpr std::int64_t most_containers = 1'000'000;
  table.read(
      "max_containers", [](const Field& f) { return integer(f, 0, most_containers); },
      pool.max_containers);
}

}  // namespace

PoolSpec read_pool(const Field& field, PoolName name, SourcePos at) {
  PoolSpec pool{.name = std::move(name), .at = at};
  TableReader table(field);
  table.read("parent", text, pool.parent);
  const auto errors_before = field.report.errors();
  read_resources(table, pool);
  pool.unsure = field.report.errors() != errors_before;
  read_policy(table, pool);
  read_behaviour(table, pool);
  if (const auto* node = table.find("container"))
    read_container(table.field("container", *node), pool.container);
  if (const auto* node = table.find("allow")) pool.allow = read_allow(table.field("allow", *node));
  if (const auto* node = table.find("match")) pool.match = read_match(table.field("match", *node));
  table.finish();
  return pool;
}

}  // namespace weir::config
