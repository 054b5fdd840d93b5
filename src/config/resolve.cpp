// SPDX-License-Identifier: Apache-2.0
#include "weir/config/resolve.h"

#include <algorithm>
#include <fmt/format.h>

#include "pool_index.h"
#include "resolver.h"

namespace weir {
namespace config {
namespace {

template <class T>
const Percent* percentage(const LocatedAmount<T>& amount) {
  return amount ? std::get_if<Percent>(&amount->value) : nullptr;
}

/// What a pool gets from above: the nearest ancestor's amounts, or the host's.
struct Above {
  std::optional<std::size_t> pool;  ///< index into the tree
  std::string name;                 ///< of that pool
  Cores cpu_reservation, cpu_limit;
  Bytes memory_reservation, memory_limit;
  Tasks pids_limit;
  std::string cpu_limiter, memory_limiter, pids_limiter;  ///< whose limit; empty: the host's
  CpuSet cpus;
  std::vector<PoolName> ancestry;
  CgroupPath path;
  bool unsure = false;
};

/// The smallest limit the kernel takes.
constexpr Cores least(Cores) { return min_cores; }
constexpr Bytes least(Bytes) { return {page_size}; }
constexpr Tasks least(Tasks) { return {1}; }

constexpr Cores rounded(Cores v) { return v; }
constexpr Bytes rounded(Bytes v) { return page_floor(v); }
constexpr Tasks rounded(Tasks v) { return v; }

class Resolver {
 public:
  Resolver(const Config& config, const Capacity& capacity, const Host& host)
      : config_(config), index_(config), online_(host.online) {
    tree_.capacity = capacity;
    tree_.host = config.host;
    tree_.pools.reserve(config.pools.size());
    if (auto top = CgroupPath::parse(config.host.slice)) tree_.top = std::move(*top);
  }

  ResolveOutcome run() {
    const auto& c = tree_.capacity;
    place(index_.top, Above{.pool = {},
                            .name = {},
                            .cpu_reservation = c.cpu,
                            .cpu_limit = c.cpu,
                            .memory_reservation = c.memory,
                            .memory_limit = c.memory,
                            .pids_limit = c.pids,
                            .cpu_limiter = {},
                            .memory_limiter = {},
                            .pids_limiter = {},
                            .cpus = online_,
                            .ancestry = {},
                            .path = tree_.top});
    check_cpu_sets(tree_, report_);
    return {std::move(tree_), report_.take()};
  }

 private:
  void place(const std::vector<std::size_t>& siblings, const Above& above) {
    Budget<Cores> cpu{above.cpu_reservation, above.name, above.unsure};
    Budget<Bytes> memory{above.memory_reservation, above.name, above.unsure};
    for (const auto i : siblings) {
      const auto at = tree_.pools.size();
      tree_.pools.push_back(pool_of(config_.pools[i], above));
      const auto& pool = tree_.pools[at];
      if (above.pool) tree_.pools[*above.pool].children.push_back(at);
      if (pool.spec.cpu.reservation)
        cpu.charge(pool.cpu.reservation, pool.spec.cpu.reservation->at,
                   key(pool.spec, "cpu.reservation"), report_);
      if (pool.spec.memory.reservation)
        memory.charge(pool.memory.reservation, pool.spec.memory.reservation->at,
                      key(pool.spec, "memory.reservation"), report_);
      // What lies deeper was reported when the files were read.
      if (!index_.children[i].empty() && above.ancestry.size() + 1 < max_pool_depth)
        place(index_.children[i], below(at, above));
    }
  }

  Pool pool_of(const PoolSpec& spec, const Above& above) {
    Pool pool{.spec = spec, .parent = above.pool};
    auto ancestry = above.ancestry;
    ancestry.push_back(spec.name);
    if (auto path = above.path.child(slice_component(config_.host.slice, ancestry)))
      pool.path = std::move(*path);
    claim(pool.cpu, spec, spec.cpu, above, above.cpu_reservation, above.cpu_limit,
          above.cpu_limiter, "cpu");
    claim(pool.memory, spec, spec.memory, above, above.memory_reservation, above.memory_limit,
          above.memory_limiter, "memory");
    pool.pids_limit = limit(spec, spec.pids.limit, above.pids_limit, above.pids_limiter, "pids");
    if (spec.cpus) pool.cpus = cpu_set(spec, above);
    round_to_pages(pool.spec);
    return pool;
  }

  template <class T, class Spec>
  void claim(Claim<T>& out, const PoolSpec& spec, const Spec& written, const Above& above,
             T parent_reservation, T parent_limit, const std::string& limiter,
             std::string_view resource) {
    out.reservation = reservation(spec, written.reservation, parent_reservation, above, resource);
    out.limit = limit(spec, written.limit, parent_limit, limiter, resource);
    out.shares = written.shares.value_or(spec.shares.value);
    out.expandable = spec.expandable.value_or(out.reservation.value == 0);
    if (written.reservation && out.limit && out.reservation > *out.limit)
      report_.error(written.reservation->at, key(spec, fmt::format("{}.reservation", resource)),
                    fmt::format("reserves {}, above the pool's own limit of {}",
                                amount_text(out.reservation), amount_text(*out.limit)),
                    "a reservation is at most the limit");
  }

  template <class T>
  T reservation(const PoolSpec& spec, const LocatedAmount<T>& amount, T parents, const Above& above,
                std::string_view resource) {
    if (!amount) return {};
    if (const auto* absolute = std::get_if<T>(&amount->value)) return rounded(*absolute);
    if (parents.value == 0 && !above.unsure)
      report_.warning(amount->at, key(spec, fmt::format("{}.reservation", resource)),
                      fmt::format("is a part of nothing: '{}' reserves none", above.name));
    return rounded(T{percentage(amount)->of(parents.value)});
  }

  template <class T>
  std::optional<T> limit(const PoolSpec& spec, const LocatedAmount<T>& amount, T parents,
                         const std::string& limiter, std::string_view resource) {
    if (!amount) return std::nullopt;
    const auto name = [&] { return key(spec, fmt::format("{}.limit", resource)); };
    const auto* part = percentage(amount);
    const T out =
        rounded(part != nullptr ? T{part->of(parents.value)} : std::get<T>(amount->value));
    if (out < least(T{}))
      report_.error(amount->at, name(),
                    part != nullptr
                        ? fmt::format("that part of {} is {}, less than {}", amount_text(parents),
                                      amount_text(out), amount_text(least(T{})))
                        : fmt::format("is less than {}", amount_text(least(T{}))));
    else if (!limiter.empty() && out > parents)
      report_.warning(amount->at, name(),
                      fmt::format("{} is above the limit of '{}', {}: that one holds",
                                  amount_text(out), limiter, amount_text(parents)));
    return std::max(out, least(T{}));
  }

  CpuSet cpu_set(const PoolSpec& spec, const Above& above) {
    const auto& set = spec.cpus->value;
    if (!set.is_subset_of(online_))
      report_.error(
          spec.cpus->at, key(spec, "cpus"),
          fmt::format("CPUs {} are not all there: this host has {}", set.str(), online_.str()));
    else if (!set.is_subset_of(above.cpus))
      report_.error(spec.cpus->at, key(spec, "cpus"),
                    fmt::format("CPUs {} are not all in those of the parent, {}", set.str(),
                                above.cpus.str()));
    return set.intersect(above.cpus);
  }

  [[nodiscard]] Above below(std::size_t at, const Above& above) const {
    const auto& pool = tree_.pools[at];
    auto out = above;
    out.pool = at;
    out.name = pool.name().str();
    out.cpu_reservation = pool.cpu.reservation;
    out.memory_reservation = pool.memory.reservation;
    if (pool.cpu.limit) out.cpu_limit = *pool.cpu.limit, out.cpu_limiter = out.name;
    if (pool.memory.limit) out.memory_limit = *pool.memory.limit, out.memory_limiter = out.name;
    if (pool.pids_limit) out.pids_limit = *pool.pids_limit, out.pids_limiter = out.name;
    if (pool.cpus) out.cpus = *pool.cpus;
    out.ancestry.push_back(pool.name());
    out.path = pool.path;
    out.unsure = pool.spec.unsure;
    return out;
  }

  static void round_to_pages(PoolSpec& spec) {
    const auto round = [](std::optional<Bytes>& bytes) {
      if (bytes) bytes = page_floor(*bytes);
    };
    round(spec.memory.swap);
    round(spec.container.memory_request);
    round(spec.container.memory_limit);
    if (spec.allow) round(spec.allow->max_request_memory);
  }

  static std::string key(const PoolSpec& spec, std::string_view rest) {
    return fmt::format("pool.{}.{}", spec.name.str(), rest);
  }

  const Config& config_;
  PoolIndex index_;
  CpuSet online_;
  Report report_;
  PoolTree tree_;
};

}  // namespace
}  // namespace config

bool ResolveOutcome::ok() const { return config::only_warnings(diagnostics); }

ResolveOutcome resolve_pools(const Config& config, const Capacity& capacity, const Host& host) {
  return config::Resolver(config, capacity, host).run();
}

ResolveOutcome check_config(const ParseOutcome& parsed, const Host& host) {
  ResolveOutcome out;
  const auto& config = parsed.config;
  if (const auto capacity = capacity_of(host, config.host.reserve)) {
    out = resolve_pools(config, *capacity, host);
  } else {
    out.diagnostics.push_back({config.host.reserve_at, "host.reserve", capacity.error().message,
                               capacity.error().hint, false});
  }
  out.diagnostics.insert(out.diagnostics.begin(), parsed.diagnostics.begin(),
                         parsed.diagnostics.end());
  std::ranges::stable_sort(out.diagnostics, {}, &Diagnostic::at);
  return out;
}

}  // namespace weir
