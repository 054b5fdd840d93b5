// SPDX-License-Identifier: Apache-2.0
// Reservations that must fit into something: a parent, the host, a set of CPUs.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "resolver.h"

namespace weir::config {

std::string amount_text(Cores cores) {
  return fmt::format("{} {}", to_text(cores), cores == whole_cores(1) ? "core" : "cores");
}
std::string amount_text(Bytes bytes) {
  return bytes.value < 1024 ? fmt::format("{} bytes", bytes.value) : to_text(bytes);
}
std::string amount_text(Tasks tasks) { return fmt::format("{} processes", tasks.value); }

template <class T>
void Budget<T>::charge(T amount, SourcePos at, std::string_view key, Report& report) {
  if (unknown || amount.value == 0) return;
  const auto offer = parent.empty()    ? fmt::format("this host offers pools {}", amount_text(most))
                     : most.value == 0 ? fmt::format("'{}' reserves nothing", parent)
                                       : fmt::format("'{}' reserves {}", parent, amount_text(most));
  if (amount > most) {
    report.error(at, key, fmt::format("reserves {}, {}", amount_text(amount), offer),
                 parent.empty()
                     ? "lower it, or keep less back with host.reserve"
                     : fmt::format("lower it, or raise the reservation of '{}'", parent));
    return;
  }
  if (exceeded) return;
  sum += amount;
  exceeded = sum > most;
  if (!exceeded) return;
  const auto who = parent.empty() ? std::string{"the pools at the top"}
                                  : fmt::format("children of '{}'", parent);
  report.error(at, key, fmt::format("{} reserve {}, {}", who, amount_text(sum), offer),
               "this reservation is the first that does not fit");
}

template struct Budget<Cores>;
template struct Budget<Bytes>;

namespace {

/// Charges every topmost pool whose CPUs lie in `set`; what its children reserve is part of it.
void check_cpu_set(const PoolTree& tree, const CpuSet& set, std::vector<bool>& reported,
                   Report& report) {
  const auto most = whole_cores(static_cast<std::int64_t>(set.size()));
  std::vector<bool> inside(tree.pools.size());
  Cores sum;
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    const auto& pool = tree.pools[i];
    const bool counted = pool.parent && inside[*pool.parent];
    inside[i] = counted || (pool.cpus && pool.cpus->is_subset_of(set));
    if (!inside[i] || counted || pool.cpu.reservation.value == 0) continue;
    sum += pool.cpu.reservation;
    if (sum <= most) continue;
    if (!reported[i] && pool.spec.cpu.reservation)
      report.error(pool.spec.cpu.reservation->at,
                   fmt::format("pool.{}.cpu.reservation", pool.name().str()),
                   sum == pool.cpu.reservation
                       ? fmt::format("reserves {} on CPUs {}, which are {}", amount_text(sum),
                                     set.str(), set.size())
                       : fmt::format("pools on CPUs {} reserve {}, these are {} CPUs", set.str(),
                                     amount_text(sum), set.size()));
    reported[i] = true;
    return;
  }
}

}  // namespace

void check_cpu_sets(const PoolTree& tree, Report& report) {
  std::vector<const CpuSet*> sets;
  for (const auto& pool : tree.pools)
    if (pool.cpus && !pool.cpus->empty()) sets.push_back(&*pool.cpus);
  // The smallest first: its message names the tightest reason.
  std::ranges::sort(sets, [](const auto* a, const auto* b) {
    return a->size() != b->size() ? a->size() < b->size() : *a < *b;
  });
  const auto equal = [](const auto* a, const auto* b) { return *a == *b; };
  sets.erase(std::unique(sets.begin(), sets.end(), equal), sets.end());
  std::vector<bool> reported(tree.pools.size());
  for (const auto* set : sets) check_cpu_set(tree, *set, reported, report);
}

}  // namespace weir::config
