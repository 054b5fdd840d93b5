// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/placement.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"

namespace weir {
namespace {

/// Annotations of weir itself.
constexpr std::string_view asks_pool = "io.weir.pool", asks_name = "io.weir.name",
                           asks_cpus = "io.weir.cpus", asks_memory = "io.weir.memory",
                           asks_priority = "io.weir.priority", asks_wait = "io.weir.wait";

bool has_variable(const OciConfig& config, std::string_view name, std::string_view value) {
  // The last one of a name is what the process sees.
  for (auto entry = config.env.rbegin(); entry != config.env.rend(); ++entry) {
    const std::string_view text{*entry};
    if (text.substr(0, text.find('=')) == name && text.size() > name.size())
      return text.substr(name.size() + 1) == value;
  }
  return false;
}

/// The pattern may be meant for the parent or for the container's own cgroup, and people leave the
/// first slash away.
bool stands_in(const CgroupsPath& path, std::string_view pattern) {
  const auto whole = fmt::format("{}/{}", path.parent, path.leaf);
  for (const std::string_view text : {std::string_view{path.parent}, std::string_view{whole}})
    if (matches_pattern(text, pattern) ||
        (text.starts_with('/') && matches_pattern(text.substr(1), pattern)))
      return true;
  return false;
}

bool fits(const MatchSpec& match, const OciConfig& config, const CgroupsPath& path) {
  const auto has_annotation = [&](const auto& wanted) {
    const auto* value = config.annotation(wanted.first);
    return value && *value == wanted.second;
  };
  const auto has_env = [&](const auto& wanted) {
    return has_variable(config, wanted.first, wanted.second);
  };
  const auto is_below = [&](const std::string& pattern) { return stands_in(path, pattern); };
  const bool any_rule = !match.annotation.empty() || !match.env.empty() ||
                        !match.cgroup_parent.empty() || !match.uid.empty();
  return any_rule && std::ranges::all_of(match.annotation, has_annotation) &&
         std::ranges::all_of(match.env, has_env) &&
         (match.cgroup_parent.empty() || std::ranges::any_of(match.cgroup_parent, is_below)) &&
         (match.uid.empty() ||
          (config.uid && std::ranges::find(match.uid, *config.uid) != match.uid.end()));
}

bool may_annotate(const Pool& pool) { return pool.spec.allow && pool.spec.allow->annotation; }

Result<std::size_t> pool_asked_for(const HookRules& rules, const std::string& name) {
  const auto pool = rules.tree.find(name);
  if (!pool)
    return fail(Errc::not_found, fmt::format("{}: no pool '{}'", asks_pool, printable(name, 60)),
                "`weir pool list` shows the pools");
  return *pool;
}

Status check_entry(const Pool& pool, const AllowedIds& allowed, const HookCaller& caller) {
  const auto has = [](const std::vector<std::uint32_t>& ids, std::uint32_t id) {
    return std::ranges::find(ids, id) != ids.end();
  };
  const bool by_group =
      std::ranges::any_of(caller.groups, [&](auto id) { return has(allowed.groups, id); });
  if (caller.uid == 0 || (pool.spec.allow && (by_group || has(allowed.users, caller.uid))))
    return {};
  return fail(Errc::denied,
              fmt::format("uid {} may not enter pool '{}'", caller.uid, pool.name().str()),
              fmt::format("add the user to [pool.{}.allow]", pool.name().str()));
}

/// What the annotations ask for; nothing of it counts where the pool does not take annotations.
struct Wishes {
  std::optional<ContainerName> name;
  std::optional<Cores> cpus;
  std::optional<Bytes> memory;
  std::int64_t priority = 0;
  std::chrono::milliseconds wait{0};
};

template <class Parse, class Take>
Status read_wish(const OciConfig& config, std::string_view key, Parse parse, Take take) {
  const auto* text = config.annotation(key);
  if (!text) return {};
  auto value = parse(*text);
  if (!value)
    return tl::unexpected(std::move(value).error().with(fmt::format("annotation {}", key)));
  take(std::move(*value));
  return {};
}

Result<std::int64_t> parse_priority(std::string_view text) {
  constexpr std::int64_t most = 1'000'000'000;
  const auto number = to_number<std::int64_t>(text);
  if (number && *number >= -most && *number <= most) return *number;
  return fail(Errc::usage, fmt::format("'{}' is not a priority", printable(text, 40)));
}

Result<Wishes> read_wishes(const OciConfig& config) {
  Wishes out;
  WEIR_CHECK(read_wish(config, asks_name, ContainerName::parse,
                       [&](ContainerName name) { out.name = std::move(name); }));
  WEIR_CHECK(read_wish(config, asks_cpus, parse_cores, [&](Cores cpus) { out.cpus = cpus; }));
  WEIR_CHECK(read_wish(config, asks_memory, parse_bytes, [&](Bytes b) { out.memory = b; }));
  WEIR_CHECK(read_wish(config, asks_priority, parse_priority,
                       [&](std::int64_t priority) { out.priority = priority; }));
  WEIR_CHECK(read_wish(config, asks_wait, parse_duration,
                       [&](std::chrono::milliseconds wait) { out.wait = wait; }));
  if (out.memory && out.memory->value < page_size)
    return fail(Errc::usage,
                fmt::format("annotation {}: less than one page cannot run anything", asks_memory));
  return out;
}

/// A default must not contradict what was asked for.
template <class T>
std::optional<T> capped(const std::optional<T>& request, const std::optional<T>& limit) {
  return request && limit ? std::min(*request, *limit) : request;
}

void set_amounts(Placement& out, const Pool& pool, const OciConfig& config, const Wishes& wishes) {
  const auto& defaults = pool.spec.container;
  auto& record = out.record;
  record.cpu_limit = wishes.cpus ? wishes.cpus : config.cores();
  if (!record.cpu_limit) record.cpu_limit = defaults.cpu_limit;
  if (record.cpu_limit != config.cores()) out.added.cpu = record.cpu_limit;
  record.memory_limit = wishes.memory ? wishes.memory : config.memory();
  if (!record.memory_limit) record.memory_limit = defaults.memory_limit;
  if (record.memory_limit != config.memory()) out.added.memory = record.memory_limit;
  record.cpu_request = capped(defaults.cpu_request, record.cpu_limit);
  record.memory_request = capped(defaults.memory_request, record.memory_limit);
  const auto reserved = config.memory_reservation.value_or(0);
  if (reserved > 0 && reserved <= max_bytes.value)
    record.memory_request = capped(std::optional{Bytes{reserved}}, record.memory_limit);
}

Status check_bounds(const Pool& pool, const ContainerRecord& record) {
  if (!pool.spec.allow) return {};
  const auto& allow = *pool.spec.allow;
  const auto refuse = [&](std::string what, std::string most) {
    return fail(Errc::denied, fmt::format("the container {}, pool '{}' lets {} be requested", what,
                                          pool.name().str(), most));
  };
  if (allow.max_priority && record.priority > *allow.max_priority)
    return refuse(fmt::format("asks for priority {}", record.priority),
                  fmt::format("{}", *allow.max_priority));
  if (allow.max_request_cpu && record.cpu_reserved() > *allow.max_request_cpu)
    return refuse(fmt::format("requests {} CPUs", to_text(record.cpu_reserved())),
                  to_text(*allow.max_request_cpu));
  if (allow.max_request_memory && record.memory_reserved() > *allow.max_request_memory)
    return refuse(fmt::format("requests {} of memory", to_text(record.memory_reserved())),
                  to_text(*allow.max_request_memory));
  return {};
}

/// A pool whose slice the caller named by itself: its own parent.
std::optional<std::size_t> pool_at(const HookRules& rules, std::string_view parent) {
  for (std::size_t i = 0; i < rules.tree.pools.size(); ++i) {
    const auto& path = rules.tree.pools[i].path.str();
    if (parent.size() == rules.prefix.size() + 1 + path.size() &&
        parent.starts_with(rules.prefix) && parent.ends_with(path))
      return i;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<std::size_t>> choose_pool(const HookRules& rules, const OciConfig& config,
                                               const CgroupsPath& path) {
  if (const auto there = pool_at(rules, path.parent)) return there;
  const auto& pools = rules.tree.pools;
  for (std::size_t i = 0; i < pools.size(); ++i)
    if (pools[i].spec.match && fits(*pools[i].spec.match, config, path)) return std::optional{i};
  if (const auto* name = config.annotation(asks_pool)) {
    WEIR_TRY(const auto pool, pool_asked_for(rules, *name));
    if (may_annotate(pools[pool])) return std::optional{pool};
  }
  return rules.default_pool;
}

Result<Placement> place_in(const HookRules& rules, std::size_t index, const OciConfig& config,
                           const CgroupsPath& path, const HookCaller& caller) {
  const auto& pool = rules.tree.pools[index];
  if (!pool.children.empty())
    return fail(Errc::usage, fmt::format("pool '{}' has child pools and holds no containers itself",
                                         pool.name().str()));
  WEIR_CHECK(check_entry(pool, rules.allowed[index], caller));
  Wishes wishes;
  if (may_annotate(pool)) {
    WEIR_TRY(wishes, read_wishes(config));
  }
  if (wishes.name && rules.tree.find(wishes.name->str()))
    return fail(Errc::usage, fmt::format("annotation {}: '{}' is the name of a pool", asks_name,
                                         wishes.name->str()));
  WEIR_TRY(auto cgroup, pool.path.child(path.leaf));
  Placement out{.pool = index,
                .record = {.name = wishes.name ? *wishes.name : ContainerName::of_leaf(path.leaf)},
                .cgroups_path = path.below(fmt::format("{}/{}", rules.prefix, pool.path.str())),
                .cgroup = std::move(cgroup),
                .added = {},
                .wait = std::min(wishes.wait, rules.max_wait)};
  set_amounts(out, pool, config, wishes);
  out.record.priority = wishes.priority;
  out.record.value = pool.spec.container.value;
  out.record.work = pool.spec.container.work;
  out.record.oom = pool.spec.oom;
  out.record.owner_uid = caller.uid;
  WEIR_CHECK(check_bounds(pool, out.record));
  return out;
}

}  // namespace weir
