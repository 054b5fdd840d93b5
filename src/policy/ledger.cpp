// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/ledger.h"

#include <cmath>

namespace weir {
namespace {

template <class T>
std::int64_t limit_of(const Claim<T>& claim) {
  return claim.limit ? claim.limit->value : unbounded;
}

std::int64_t millionths(double factor) { return std::llround(factor * 1e6); }

Resources requests_of(const PoolBooks& sums) {
  return cpu_memory(sums.cpu_requests.value, sums.memory_requests.value);
}

Resources limits_of(const PoolBooks& sums) {
  return cpu_memory(sums.cpu_limits.value, sums.memory_limits.value);
}

/// The nearest pool above that does not take all of it from further above itself.
std::optional<std::size_t> lender_of(std::span<const AdmissionPool> pools,
                                     std::span<const PoolTotals> sums, std::size_t pool,
                                     std::size_t r) {
  auto at = pools[pool].parent;
  while (at && sums[*at].borrowed[r] >= sums[pool].borrowed[r]) at = pools[*at].parent;
  return at;
}

}  // namespace

std::vector<AdmissionPool> ledger_of(const PoolTree& tree, std::span<const PoolBooks> sums) {
  std::vector<AdmissionPool> out;
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    const auto& pool = tree.pools[i];
    auto& entry = out.emplace_back();
    entry.parent = pool.parent;
    entry.reservation = cpu_memory(pool.cpu.reservation.value, pool.memory.reservation.value);
    entry.limit[Resource::cpu] = limit_of(pool.cpu);
    entry.limit[Resource::memory] = limit_of(pool.memory);
    entry.expandable = {pool.cpu.expandable, pool.memory.expandable, true, true};
    entry.requests = requests_of(sums[i]);
    entry.limits = limits_of(sums[i]);
    entry.covered[Resource::memory] = sums[i].memory_covered.value;
  }
  return out;
}

AdmissionRules rules_of(const PoolTree& tree) {
  AdmissionRules out;
  out.capacity = Resources::all(unbounded);
  out.capacity[Resource::cpu] = tree.capacity.cpu.value;
  out.capacity[Resource::memory] = tree.capacity.memory.value;
  out.overcommit[0] = millionths(tree.host.overcommit.cpu);
  out.overcommit[1] = millionths(tree.host.overcommit.memory);
  return out;
}

Applicant applicant_of(const ContainerRecord& record) {
  PoolBooks one;
  one.add(record);
  return {requests_of(one), limits_of(one)};
}

std::vector<PoolAccount> accounts_of(const PoolTree& tree, std::span<const PoolBooks> books) {
  const auto pools = ledger_of(tree, books);
  const auto sums = totals(pools);
  const auto rules = rules_of(tree);
  std::vector<PoolAccount> out;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    PoolAccount account{sums[i].booked, room_in(pools, rules, i), sums[i].borrowed};
    for (std::size_t r = resource_count; r-- > 0;)
      if (account.borrowed[r] > 0) account.lender = lender_of(pools, sums, i, r);
    out.push_back(account);
  }
  return out;
}

}  // namespace weir
