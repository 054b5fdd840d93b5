// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/desired.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/io.h"
#include "weir/policy/top_slice.h"

namespace weir {
namespace {

/// memory.min of pools: what is reserved hard in them or below, for a protection counts only as far
/// as every ancestor has it.
std::vector<Bytes> hard_reservations(const PoolTree& tree) {
  std::vector<Bytes> out(tree.pools.size());
  for (std::size_t i = tree.pools.size(); i-- > 0;) {
    const auto& pool = tree.pools[i];
    if (pool.spec.memory.hard) out[i] = std::max(out[i], pool.memory.reservation);
    if (pool.parent) out[*pool.parent] += out[i];
  }
  return out;
}

/// Quickest in the order of the names.
void add(FileValues& files, std::string_view name, std::string value) {
  files.emplace_hint(files.end(), name, std::move(value));
}

FileValues pool_files(const PoolTree& tree, std::size_t i, const Entitlements& entitled, Bytes hard,
                      const IoMax& io) {
  const auto& pool = tree.pools[i];
  FileValues files;
  add(files, file::cpu_max, cpu_max_text(pool.cpu.limit));
  add(files, file::cpu_weight, std::to_string(entitled.weight[i]));
  if (pool.cpus) add(files, file::cpuset_cpus, pool.cpus->str());
  add(files, file::io_max, io_max_text(io));
  add(files, file::memory_high, memory_text(std::nullopt));
  add(files, file::memory_low, memory_text(pool.memory.reservation));
  add(files, file::memory_max, memory_text(pool.memory.limit));
  add(files, file::memory_min, memory_text(hard));
  add(files, file::memory_swap_max, memory_text(pool.spec.memory.swap));
  add(files, file::pids_max, pids_text(pool.pids_limit));
  return files;
}

DesiredCgroup top_cgroup(const PoolTree& tree, const std::vector<Bytes>& hard,
                         const Outside& outside) {
  Bytes reserved, reserved_hard;
  for (const auto i : tree.top_pools()) {
    reserved += tree.pools[i].memory.reservation;
    reserved_hard += hard[i];
  }
  const auto weight = top_slice_weight(tree.capacity.cpu, outside);
  DesiredCgroup out;
  out.path = tree.top;
  out.kind = CgroupKind::top;
  out.inner = true;
  out.weight_range = weight.accepted;
  out.files.emplace(file::cpu_weight, fmt::format("{}", weight.wanted));
  out.files.emplace(file::cpu_max, cpu_max_text(std::nullopt));
  out.files.emplace(file::memory_min, memory_text(reserved_hard));
  out.files.emplace(file::memory_low, memory_text(reserved));
  out.files.emplace(file::memory_high, memory_text(std::nullopt));
  out.files.emplace(file::memory_max, memory_text(tree.capacity.memory));
  out.files.emplace(file::memory_swap_max, memory_text(std::nullopt));
  out.files.emplace(file::pids_max, pids_text(tree.capacity.pids));
  out.files.emplace(file::io_max, "");
  if (const auto name = PoolName::parse(tree.top.leaf().substr(0, tree.top.leaf().rfind('.'))))
    out.record = PoolRecord{*name, {}, tree.backend}.str();
  return out;
}

void add_members(const PoolTree& tree, const Entitlements& entitled,
                 const std::vector<Member>& members, DesiredTree& out) {
  std::vector<std::vector<const Member*>> of_pool(tree.pools.size());
  for (const auto& member : members) of_pool[member.pool].push_back(&member);
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    if (of_pool[i].empty()) continue;
    std::vector<ContainerRecord> records;
    for (const auto* member : of_pool[i]) records.push_back(member->record);
    const auto inside = member_entitlements(tree.pools[i].spec.policy.value, entitled.cpu[i],
                                            entitled.memory[i], records);
    for (std::size_t k = 0; k < records.size(); ++k)
      out.cgroups.push_back({of_pool[i][k]->path,
                             CgroupKind::container,
                             container_files(records[k], tree.pools[i], inside.weight[k]),
                             false,
                             {},
                             std::nullopt});
  }
}

}  // namespace

std::vector<Controller> needed_controllers(const PoolTree& tree) {
  std::vector<Controller> out{Controller::cpu, Controller::memory, Controller::pids};
  const auto& pools = tree.pools;
  if (std::ranges::any_of(pools, [](const Pool& pool) { return !pool.spec.io.empty(); }))
    out.push_back(Controller::io);
  if (std::ranges::any_of(pools, [](const Pool& pool) { return pool.cpus.has_value(); }))
    out.push_back(Controller::cpuset);
  return out;
}

FileValues container_files(const ContainerRecord& record, const Pool& pool, std::uint16_t weight) {
  const auto reserved = record.memory_reserved();
  FileValues files;
  files.emplace(file::cpu_weight, fmt::format("{}", weight));
  files.emplace(file::cpu_max, cpu_max_text(record.cpu_limit));
  files.emplace(file::memory_min, memory_text(pool.spec.memory.hard ? reserved : Bytes{}));
  files.emplace(file::memory_low, memory_text(reserved));
  files.emplace(file::memory_high, memory_text(std::nullopt));
  files.emplace(file::memory_max, memory_text(record.memory_allowed()));
  files.emplace(file::memory_swap_max, memory_text(record.swap_limit));
  files.emplace(file::memory_oom_group, record.oom == OomScope::group ? "1" : "0");
  return files;
}

DesiredTree desired_tree(const PoolTree& tree, const std::vector<Member>& members,
                         const Outside& outside, const CpuSet& online) {
  const auto entitled = entitlements(tree);
  const auto hard = hard_reservations(tree);
  const auto io = io_limits(tree);
  DesiredTree out;
  // systemd enables what its units need.
  if (tree.backend == Backend::cgroupfs) out.controllers = needed_controllers(tree);
  out.online = online;
  out.cgroups.push_back(top_cgroup(tree, hard, outside));
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    const auto& pool = tree.pools[i];
    out.cgroups.push_back({pool.path, CgroupKind::pool,
                           pool_files(tree, i, entitled, hard[i], io[i]), true,
                           PoolRecord{pool.name(), {}, {}}.str(), std::nullopt});
  }
  add_members(tree, entitled, members, out);
  return out;
}

}  // namespace weir
