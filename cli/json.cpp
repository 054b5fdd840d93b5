// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <cstdio>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/base/text.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

Json cores(const std::optional<Cores>& value) { return value ? Json(as_double(*value)) : Json{}; }
template <class T>
Json count(const std::optional<T>& value) {
  return value ? Json(value->value) : Json{};
}
Json number(const std::optional<double>& value) { return value ? Json(*value) : Json{}; }
Json text(const std::optional<std::string>& value) { return value ? Json(*value) : Json{}; }
Json words(const std::string& value) { return value.empty() ? Json{} : Json(value); }

Json capacity_json(Cores cpu, Bytes memory, std::optional<Tasks> pids) {
  Json out{{"cpu", as_double(cpu)}, {"memory_bytes", memory.value}};
  if (pids) out["pids"] = pids->value;
  return out;
}

template <class T>
T left(T whole, T used) {
  return used < whole ? whole - used : T{};
}

double cpu_of(const Resources& amounts) { return as_double(Cores{amounts[Resource::cpu]}); }

Json cpu_json(const Pool& pool, const PoolStatus& status) {
  return {{"reservation", as_double(pool.cpu.reservation)},
          {"limit", cores(pool.cpu.limit)},
          {"reserved", cpu_of(status.account.reserved)},
          {"free", cpu_of(status.account.free)},
          {"entitlement", as_double(status.cpu_entitlement)},
          {"usage", cores(status.cpu.usage)},
          {"demand", cores(status.cpu_demand)},
          {"pressure", number(status.cpu.pressure)},
          {"borrowed", cpu_of(status.account.borrowed)}};
}

Json memory_json(const Pool& pool, const PoolStatus& status) {
  return {{"reservation_bytes", pool.memory.reservation.value},
          {"limit_bytes", count(pool.memory.limit)},
          {"reserved_bytes", status.account.reserved[Resource::memory]},
          {"free_bytes", status.account.free[Resource::memory]},
          {"entitlement_bytes", status.memory_entitlement.value},
          {"usage_bytes", status.memory.usage.value},
          {"demand_bytes", count(status.memory_demand)},
          {"pressure", number(status.memory.pressure)},
          {"borrowed_bytes", status.account.borrowed[Resource::memory]}};
}

/// Who lends what a pool has borrowed.
Json lender_json(const PoolTree& tree, const PoolAccount& account) {
  if (account.borrowed == Resources{}) return {};
  return account.lender ? Json(tree.pools[*account.lender].name().str()) : Json("host");
}

Json rates_json(const IoRates& rates) {
  Json out = Json::object();
  for (const auto rate : all_io_rates)
    out[std::string{to_text(rate)}] = rates[rate] ? Json(*rates[rate]) : Json{};
  return out;
}

Json io_json(const IoMax& limits) {
  Json out = Json::array();
  for (const auto& [device, rates] : limits) {
    Json entry{{"device", device.str()}};
    entry.update(rates_json(rates));
    out.push_back(std::move(entry));
  }
  return out;
}

/// The disks that weir.toml declares, and the device that carries the limits of each.
Json declared_json(const PoolTree& tree) {
  Json out = Json::array();
  for (const auto& disk : tree.disks) {
    if (!disk.declared) continue;
    Json entry{{"path", tree.host.disks[*disk.declared].path.value},
               {"device", disk.carrier.device.str()},
               {"name", disk.carrier.name},
               {"through", disk.carrier.through},
               {"spreads_over", disk.carrier.over}};
    entry.update(rates_json(disk.capability));
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace

Json host_json(const Host& host, const Reserve& reserve, const Capacity& capacity,
               const PoolTree* tree) {
  Json out;
  out["cpus"] = {{"online", host.online.size()}, {"list", host.online.str()}};
  if (host.cpu_quota) out["cpus"]["quota"] = as_double(*host.cpu_quota);
  out["memory"] = {{"total_bytes", host.memory_total.value}, {"swap_bytes", host.swap_total.value}};
  out["numa_nodes"] = Json::array();
  for (const auto& node : host.numa_nodes)
    out["numa_nodes"].push_back(
        {{"node", node.id}, {"cpus", node.cpus.str()}, {"memory_bytes", node.memory.value}});
  out["disks"] = Json::array();
  for (const auto& disk : host.disks)
    out["disks"].push_back(
        {{"device", disk.device}, {"name", disk.name}, {"size_bytes", disk.size.value}});
  if (tree != nullptr) out["declared_disks"] = declared_json(*tree);
  out["cgroup"] = nullptr;
  if (const auto& cgroup = host.cgroup)
    out["cgroup"] = {{"mount", cgroup->mount},
                     {"controllers", cgroup->controllers},
                     {"psi", cgroup->psi},
                     {"backend", cgroup->backend ? Json(to_text(*cgroup->backend)) : Json{}},
                     {"backend_reason", cgroup->backend_reason},
                     {"systemd", cgroup->systemd},
                     {"delegated", cgroup->delegated}};
  out["kernel"] = host.kernel_release;
  out["reserve"] = capacity_json(reserve.cpu, reserve.memory, {});
  out["capacity"] = capacity_json(capacity.cpu, capacity.memory, capacity.pids);
  return out;
}

Json check_json(const Loaded& loaded) {
  Json out{{"errors", Json::array()}};
  Json warnings = Json::array();
  for (const auto& entry : loaded.diagnostics)
    (entry.warning ? warnings : out["errors"])
        .push_back({{"file", loaded.config.files[entry.at.file].path},
                    {"line", entry.at.line},
                    {"column", entry.at.column},
                    {"key", entry.key},
                    {"message", entry.message},
                    {"hint", words(entry.hint)}});
  if (!warnings.empty()) out["warnings"] = std::move(warnings);
  return out;
}

Json plan_json(const Plan& plan) {
  Json out{{"changes", Json::array()}, {"blocked", Json::array()}};
  std::size_t step = 0;
  for (const auto& change : plan.changes)
    out["changes"].push_back({{"step", ++step},
                              {"phase", to_text(change.phase)},
                              {"op", to_text(change.op)},
                              {"cgroup", change.cgroup.str()},
                              {"file", words(change.file)},
                              {"from", text(change.from)},
                              {"to", change.op == Op::write ? Json(change.to) : Json{}}});
  for (const auto& blocked : plan.blocked)
    out["blocked"].push_back({{"cgroup", blocked.cgroup.str()},
                              {"file", words(blocked.file)},
                              {"to", words(blocked.to)},
                              {"reason", blocked.reason}});
  return out;
}

Json drift_json(const std::vector<Drift>& drift) {
  Json out{{"drift", Json::array()}};
  for (const auto& entry : drift)
    out["drift"].push_back({{"cgroup", entry.cgroup.str()},
                            {"file", words(entry.file)},
                            {"wanted", entry.wanted},
                            {"kernel", text(entry.kernel)},
                            {"systemd", text(entry.systemd)},
                            {"repaired", entry.repaired}});
  return out;
}

Json pool_json(const PoolTree& tree, const PoolStatus& status) {
  const auto& pool = tree.pools[status.pool];
  Json out;
  out["name"] = pool.name().str();
  out["parent"] = pool.parent ? Json(tree.pools[*pool.parent].name().str()) : Json{};
  out["path"] = pool.path.str();
  out["policy"] = to_text(pool.spec.policy.value);
  out["mode"] = to_text(pool.spec.mode);
  out["shares"] = pool.spec.shares.value;
  out["expandable"] = pool.cpu.expandable || pool.memory.expandable;
  out["cpu"] = cpu_json(pool, status);
  out["memory"] = memory_json(pool, status);
  out["pids"] = {{"limit", count(pool.pids_limit)}, {"usage", status.pids}};
  out["io"] = io_json(status.io);
  out["containers"] = status.containers;
  out["lender"] = lender_json(tree, status.account);
  out["queued"] = status.queued;
  out["applied"] = status.applied;
  return out;
}

Json container_json(const PoolTree& tree, const ContainerStatus& status) {
  const auto& record = status.member.record;
  Json out;
  out["name"] = record.name.str();
  out["pool"] = tree.pools[status.member.pool].name().str();
  out["path"] = status.member.path.str();
  out["state"] = status.frozen ? "frozen" : "running";
  out["pids"] = status.pids;
  out["priority"] = record.priority;
  out["since"] = utc_text(record.since_us);
  out["cpu"] = {{"request", as_double(record.cpu_reserved())},
                {"limit", cores(record.cpu_limit)},
                {"entitlement", as_double(status.cpu_entitlement)},
                {"usage", cores(status.cpu.usage)}};
  out["memory"] = {{"request_bytes", record.memory_reserved().value},
                   {"limit_bytes", count(record.memory_limit)},
                   {"usage_bytes", status.memory_usage.value},
                   {"left_behind_bytes", record.total_left_behind().value}};
  out["owner_uid"] = record.owner_uid;
  const auto& runtime = record.runtime;
  out["runtime"] = runtime.known() ? Json{{"id", runtime.id}, {"bundle", runtime.bundle}} : Json{};
  return out;
}

Json ticket_json(const PoolTree& tree, const WaitingStatus& waiting) {
  const auto& record = waiting.ticket.record;
  Json out;
  out["ticket"] = fmt::format("{}", waiting.ticket.number);
  out["pool"] = tree.pools[waiting.pool].name().str();
  out["name"] = record.name.str();
  out["position"] = waiting.position;
  out["since"] = utc_text(record.since_us);
  out["waiting_for"] = {{"cpu", as_double(record.cpu_reserved())},
                        {"memory_bytes", record.memory_reserved().value}};
  out["priority"] = record.priority;
  out["pid"] = waiting.ticket.pid;
  return out;
}

Json queued_json(const PoolTree& tree, const WaitingStatus& waiting) {
  ContainerStatus nothing_yet{{waiting.ticket.record, {}, waiting.pool}, false, 0, {}, {}, {}};
  auto out = container_json(tree, nothing_yet);
  out["path"] =
      tree.pools[waiting.pool].path.str() + "/" + waiting.ticket.record.name.str() + ".scope";
  out["state"] = "queued";
  return out;
}

Json status_json(const PoolTree& tree, const HostStatus& status) {
  Json out;
  out["host"] = {
      {"capacity",
       capacity_json(status.capacity.cpu, status.capacity.memory, status.capacity.pids)},
      {"reserved", capacity_json(status.cpu_reserved, status.memory_reserved, {})},
      {"unreserved", capacity_json(left(status.capacity.cpu, status.cpu_reserved),
                                   left(status.capacity.memory, status.memory_reserved), {})}};
  out["pools"] = Json::array();
  for (const auto& pool : status.pools) out["pools"].push_back(pool_json(tree, pool));
  out["containers"] = Json::array();
  for (const auto& container : status.containers)
    out["containers"].push_back(container_json(tree, container));
  out["queue"] = Json::array();
  for (const auto& one : status.queue) {
    out["containers"].push_back(queued_json(tree, one));
    out["queue"].push_back(ticket_json(tree, one));
  }
  return out;
}

void print_json(const Json& document) {
  fmt::print("{}\n", document.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace weir::cli
