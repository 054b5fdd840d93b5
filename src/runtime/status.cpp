// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/status.h"

#include <algorithm>
#include <map>
#include <thread>

#include "weir/cgroup/observe.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/policy/io.h"
#include "weir/runtime/adopt.h"
#include "weir/runtime/dynamic.h"
#include "weir/runtime/leaf.h"
#include "weir/runtime/preempt.h"
#include "weir/runtime/prepare.h"
#include "weir/runtime/queue.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

/// CPU time of a cgroup in microseconds, and when it was read.
struct Reading {
  std::int64_t usage_us = 0;
  Clock::time_point at;
};

std::optional<Reading> read_cpu(CgroupIo& io, const CgroupPath& path) {
  const auto text = io.read(path, file::cpu_stat);
  const auto usage = text ? flat_value(*text, "usage_usec") : std::nullopt;
  if (!usage) return std::nullopt;
  return Reading{static_cast<std::int64_t>(*usage), Clock::now()};
}

std::optional<Cores> rate(const std::optional<Reading>& before,
                          const std::optional<Reading>& after) {
  if (!before || !after) return std::nullopt;
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::microseconds>(after->at - before->at).count();
  if (elapsed <= 0) return std::nullopt;
  const auto used = std::max<std::int64_t>(0, after->usage_us - before->usage_us);
  return Cores{static_cast<std::int64_t>(static_cast<__int128>(used) * micro_per_core / elapsed)};
}

std::optional<double> pressure(CgroupIo& io, const CgroupPath& path, std::string_view file) {
  const auto text = io.read(path, file);
  return text ? parse_some_avg10(*text) : std::nullopt;
}

class Collector {
 public:
  explicit Collector(Session& session) : session_(session) {}

  Result<HostStatus> collect(std::chrono::milliseconds sample) {
    WEIR_TRY(observed_, observe(session_.io, session_.tree.top, Depth::containers));
    for (const auto& cgroup : observed_.cgroups) by_path_.emplace(cgroup.path.str(), &cgroup);
    if (sample.count() > 0) take_first_reading(sample);
    out_.capacity = session_.tree.capacity;
    add_containers();
    add_pools();
    return std::move(out_);
  }

 private:
  void take_first_reading(std::chrono::milliseconds sample) {
    for (const auto& cgroup : observed_.cgroups)
      first_.emplace(cgroup.path.str(), read_cpu(session_.io, cgroup.path));
    std::this_thread::sleep_for(sample);
  }

  CpuUse cpu_use(const CgroupPath& path, bool with_pressure) {
    CpuUse out;
    if (const auto before = first_.find(path.str()); before != first_.end())
      out.usage = rate(before->second, read_cpu(session_.io, path));
    if (with_pressure) out.pressure = pressure(session_.io, path, file::cpu_pressure);
    return out;
  }

  void add_containers() {
    const auto members = members_of(session_.tree, observed_);
    std::vector<std::vector<Member>> by_pool(session_.tree.pools.size());
    for (const auto& member : members) by_pool[member.pool].push_back(member);
    const auto entitled = entitlements(session_.tree);
    for (std::size_t i = 0; i < by_pool.size(); ++i) add_members(i, by_pool[i], entitled);
    entitled_ = entitled;
  }

  void add_members(std::size_t pool, const std::vector<Member>& members,
                   const Entitlements& pools) {
    std::vector<ContainerRecord> records;
    for (const auto& member : members) records.push_back(member.record);
    const auto inside = member_entitlements(session_.tree.pools[pool].spec.policy.value,
                                            pools.cpu[pool], pools.memory[pool], records);
    for (std::size_t k = 0; k < members.size(); ++k) {
      const auto& seen = *by_path_.at(members[k].path.str());
      out_.containers.push_back({members[k], seen.frozen, seen.pids_current, inside.cpu[k],
                                 cpu_use(members[k].path, false), Bytes{seen.memory_current}});
    }
  }

  void add_pools() {
    const auto& pools = session_.tree.pools;
    auto io = io_limits(session_.tree);
    const auto dynamics = read_dynamics(session_);
    for (std::size_t i = 0; i < pools.size(); ++i) {
      PoolStatus status;
      status.pool = i;
      status.io = std::move(io[i]);
      status.cpu_entitlement = entitled_.cpu[i];
      status.memory_entitlement = entitled_.memory[i];
      take_dynamics(dynamics[i], status);
      fill_usage(pools[i].path, status);
      out_.pools.push_back(status);
    }
    add_reserved();
  }

  static void take_dynamics(const std::optional<PoolDynamics>& dynamics, PoolStatus& status) {
    if (!dynamics) return;
    status.cpu_demand = dynamics->cpu_demand;
    status.memory_demand = dynamics->memory_demand;
    if (dynamics->memory_high) status.memory_entitlement = *dynamics->memory_high;
    if (dynamics->io) status.io = *dynamics->io;
  }

  void fill_usage(const CgroupPath& path, PoolStatus& status) {
    const auto seen = by_path_.find(path.str());
    if (seen == by_path_.end()) return;
    status.applied = true;
    status.cpu = cpu_use(path, true);
    status.memory.usage = Bytes{seen->second->memory_current};
    status.memory.pressure = pressure(session_.io, path, file::memory_pressure);
    status.pids = seen->second->pids_current;
  }

  void add_reserved() {
    const auto& pools = session_.tree.pools;
    std::vector<PoolBooks> sums(pools.size());
    for (const auto& container : out_.containers) {
      const auto& member = container.member;
      sums[member.pool].add(container.frozen ? as_counted(session_.io, member.path, member.record)
                                             : member.record);
      ++out_.pools[container.member.pool].containers;
    }
    const auto accounts = accounts_of(session_.tree, sums);
    for (std::size_t i = pools.size(); i-- > 0;) {
      out_.pools[i].account = accounts[i];
      if (const auto parent = pools[i].parent)
        out_.pools[*parent].containers += out_.pools[i].containers;
      else
        add_to_host(pools[i], accounts[i]);
    }
  }

  /// A top pool takes its reservation of the host, and what it has borrowed.
  void add_to_host(const Pool& pool, const PoolAccount& account) {
    out_.cpu_reserved += pool.cpu.reservation + Cores{account.borrowed[Resource::cpu]};
    out_.memory_reserved += pool.memory.reservation + Bytes{account.borrowed[Resource::memory]};
  }

  Session& session_;
  ObservedTree observed_;
  std::map<std::string_view, const ObservedCgroup*> by_path_;
  std::map<std::string_view, std::optional<Reading>> first_;
  Entitlements entitled_;
  HostStatus out_;
};

}  // namespace

Result<HostStatus> status(Session& session, std::chrono::milliseconds sample) {
  return Collector(session).collect(sample);
}

Result<std::vector<WaitingStatus>> waiting(Session& session) {
  auto books = session.books();
  WEIR_TRY(const auto queue, Queue::read(session.io, books, session.tree, session.run_dir));
  std::vector<WaitingStatus> out;
  for (auto& ticket : queue.tickets()) {
    const auto pool = *session.tree.find(ticket.pool.str());
    const auto position = queue.position(ticket.number);
    out.push_back({std::move(ticket), pool, position});
  }
  return out;
}

Result<HostStatus> reclaimed_status(Session& session, std::chrono::milliseconds sample) {
  repair(session);
  std::vector<WaitingStatus> queue;
  {
    WEIR_TRY(auto lock, session.run_dir.lock_books());
    WEIR_TRY(const auto observed, observe(session.io, session.tree.top, Depth::containers));
    WEIR_CHECK(reclaim_dead(session, observed));
    WEIR_CHECK(adopt(session));
    WEIR_CHECK(prepare_hook_if_missing(session));
    auto books = session.books();
    ignore(resume_all(session.io, session.tree, books), "whoever gives back room tries again");
    call_next(session.io, session.tree, session.run_dir);
    WEIR_TRY(queue, waiting(session));
  }
  WEIR_TRY(auto now, status(session, sample));
  for (const auto& ticket : queue)
    for (const auto pool : session.tree.chain(ticket.pool)) ++now.pools[pool].queued;
  now.queue = std::move(queue);
  return now;
}

}  // namespace weir
