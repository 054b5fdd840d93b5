// SPDX-License-Identifier: Apache-2.0
// The saturated solve over pools and their members, for CPU and for memory.
#include <algorithm>
#include <chrono>

#include "weir/policy/desired.h"
#include "weir/policy/fair.h"
#include "weir/policy/latency.h"
#include "weir/policy/priority.h"
#include "weir/policy/throughput.h"

namespace weir {
namespace {

template <class T>
std::optional<std::int64_t> number(const std::optional<T>& limit) {
  return limit ? std::optional{limit->value} : std::nullopt;
}

/// A set of CPUs caps what a pool can use, whatever its limit says.
std::optional<std::int64_t> cpu_cap(const Pool& pool) {
  auto cap = number(pool.cpu.limit);
  if (pool.cpus) {
    const auto set = whole_cores(static_cast<std::int64_t>(pool.cpus->size())).value;
    cap = cap ? std::min(*cap, set) : set;
  }
  return cap;
}

std::vector<FairNode> cpu_nodes(const PoolTree& tree) {
  std::vector<FairNode> nodes;
  nodes.reserve(tree.pools.size());
  for (const auto& pool : tree.pools)
    nodes.push_back({pool.parent, pool.cpu.shares, pool.cpu.reservation.value, cpu_cap(pool), {}});
  return nodes;
}

std::vector<FairNode> memory_nodes(const PoolTree& tree) {
  std::vector<FairNode> nodes;
  nodes.reserve(tree.pools.size());
  for (const auto& pool : tree.pools)
    nodes.push_back({pool.parent,
                     pool.memory.shares,
                     pool.memory.reservation.value,
                     number(pool.memory.limit),
                     {}});
  return nodes;
}

/// cpu.weight of each group of siblings: nodes that share a parent.
std::vector<std::uint16_t> weights(const std::vector<FairNode>& nodes,
                                   const std::vector<std::int64_t>& amounts) {
  std::vector<std::vector<std::size_t>> groups(nodes.size() + 1);  // the last: top-level nodes
  for (std::size_t i = 0; i < nodes.size(); ++i)
    groups[nodes[i].parent.value_or(nodes.size())].push_back(i);
  std::vector<std::uint16_t> out(nodes.size());
  std::vector<std::int64_t> siblings;
  for (const auto& group : groups) {
    siblings.clear();
    for (const auto i : group) siblings.push_back(amounts[i]);
    const auto of_group = cpu_weights(siblings);
    for (std::size_t k = 0; k < group.size(); ++k) out[group[k]] = of_group[k];
  }
  return out;
}

template <class T>
std::vector<T> typed(const std::vector<std::int64_t>& amounts) {
  std::vector<T> out;
  out.reserve(amounts.size());
  for (const auto amount : amounts) out.push_back(T{amount});
  return out;
}

/// Under `latency` the c-mu index, where anything is known of anybody's work; else nothing.
std::vector<std::int64_t> cpu_shares(PolicyKind policy,
                                     const std::vector<ContainerRecord>& members) {
  if (policy != PolicyKind::latency) return {};
  std::vector<Worker> workers;
  for (const auto& member : members) {
    workers.push_back({default_shares, {}});
    if (member.work) workers.back().work = std::chrono::duration<double>(*member.work).count();
  }
  return c_mu_entitlements(workers);
}

std::vector<std::int64_t> cpu_by_class(Cores cpu, const std::vector<ContainerRecord>& members) {
  std::vector<ClassMember> classes;
  for (const auto& member : members)
    classes.push_back({member.priority, default_shares, member.cpu_reserved().value,
                       number(member.cpu_limit).value_or(unbounded)});
  return class_entitlements(classes, cpu.value);
}

/// What a member is worth, it is worth for what it asked for; for all of it where it asked for
/// nothing.
std::vector<std::int64_t> cpu_by_value(Cores cpu, const std::vector<ContainerRecord>& members) {
  std::vector<ValueNode> nodes;
  for (const auto& member : members) {
    const auto asked = member.cpu_reserved().value;
    const auto size = asked > 0 ? asked : number(member.cpu_limit).value_or(cpu.value);
    const auto value =
        member.value.value_or(1) / static_cast<double>(std::max<std::int64_t>(1, size));
    nodes.push_back({{}, value, asked, number(member.cpu_limit), {}});
  }
  return solve_throughput(nodes, cpu.value);
}

}  // namespace

Entitlements entitlements(const PoolTree& tree) {
  const auto cpu = cpu_nodes(tree);
  const auto cpu_result = solve_saturated(cpu, tree.capacity.cpu.value);
  const auto memory_result = solve_saturated(memory_nodes(tree), tree.capacity.memory.value);
  Entitlements out;
  out.cpu = typed<Cores>(cpu_result.amount);
  out.memory = typed<Bytes>(memory_result.amount);
  out.weight = weights(cpu, cpu_result.amount);
  for (std::size_t i = 0; i < tree.pools.size(); ++i)
    out.degraded.push_back(cpu_result.degraded[i] || memory_result.degraded[i]);
  return out;
}

Entitlements member_entitlements(PolicyKind policy, Cores cpu, Bytes memory,
                                 const std::vector<ContainerRecord>& members) {
  std::vector<FairNode> cpu_nodes, memory_nodes;
  const auto shares = cpu_shares(policy, members);
  for (const auto& member : members) {
    cpu_nodes.push_back({{},
                         shares.empty() ? default_shares : shares[cpu_nodes.size()],
                         member.cpu_reserved().value,
                         number(member.cpu_limit),
                         {}});
    memory_nodes.push_back(
        {{}, default_shares, member.memory_reserved().value, number(member.memory_limit), {}});
  }
  auto cpu_result = solve_saturated(cpu_nodes, cpu.value);
  const auto memory_result = solve_saturated(memory_nodes, memory.value);
  if (policy == PolicyKind::priority) cpu_result.amount = cpu_by_class(cpu, members);
  if (policy == PolicyKind::throughput) cpu_result.amount = cpu_by_value(cpu, members);
  Entitlements out;
  out.cpu = typed<Cores>(cpu_result.amount);
  out.memory = typed<Bytes>(memory_result.amount);
  out.weight = low_cpu_weights(cpu_result.amount);
  for (std::size_t i = 0; i < members.size(); ++i)
    out.degraded.push_back(cpu_result.degraded[i] || memory_result.degraded[i]);
  return out;
}

}  // namespace weir
