// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/base/units.h"
#include "weir/policy/simulate.h"

#include "sim/discipline.h"
#include "sim/recorder.h"

namespace weir {
namespace sim {
namespace {

constexpr double micro = static_cast<double>(micro_per_core);

std::vector<AdmissionPool> empty_books(const SimHost& host) {
  std::vector<AdmissionPool> books;
  for (const auto& pool : host.pools)
    books.push_back({pool.parent, pool.reservation, pool.limit, pool.expandable, {}, {}});
  return books;
}

class Engine {
 public:
  Engine(const Trace& trace, const SimHost& host, SimPolicy policy,
         std::vector<std::uint32_t> pool_of)
      : trace_(trace),
        host_(host),
        pool_of_(std::move(pool_of)),
        cpu_(host, trace.jobs.size()),
        books_(empty_books(host)),
        progress_(trace.jobs.size()),
        usage_(host.pools.size()),
        was_short_(host.pools.size()) {
    outcome_.policy = policy;
    outcome_.jobs.resize(trace.jobs.size());
    for (const auto& pool : host.pools) outcome_.pools.push_back({pool.name, 0, 0, {}, {}});
    for (std::uint32_t p = 0; p < host.pools.size(); ++p) {
      const Shop shop(trace_, host_, p, cpu_, books_, progress_, outcome_.switches);
      disciplines_.push_back(make_discipline(policy, shop));
      most_.push_back(shop.room());
    }
  }

  SimOutcome run(const SimProgress& progress) && {
    std::size_t events = 0;
    while (const auto next = next_event()) {
      pass_to(*next);
      // Who ends makes room first; who arrives at the end of a slice queues before the preempted.
      take_ended();
      take_arrivals();
      take_demand();
      for (auto& discipline : disciplines_) discipline->dispatch();
      for (auto& discipline : disciplines_)
        if (const auto tick = discipline->next_tick(); tick && *tick <= cpu_.now())
          discipline->tick();
      cpu_.divide();
      note_broken();
      if (progress && ++events % 65'536 == 0) progress(part_done());
    }
    return finish();
  }

 private:
  [[nodiscard]] std::optional<double> next_event() {
    auto next = cpu_.next_end();
    const auto consider = [&](std::optional<double> time) {
      if (time && (!next || *time < *next)) next = time;
    };
    if (arrived_ < trace_.jobs.size()) consider(trace_.jobs[arrived_].arrival);
    if (sampled_ < trace_.demand.size()) consider(trace_.demand[sampled_].time);
    for (const auto& discipline : disciplines_) consider(discipline->next_tick());
    return next;
  }

  void pass_to(double time) {
    const double begin = cpu_.now();
    for (std::size_t p = 0; p < usage_.size(); ++p) {
      const auto& state = cpu_.pools()[p];
      const double cores = static_cast<double>(state.usage) / micro;
      usage_[p].add(begin, time, cores);
      outcome_.pools[p].cpu_used += cores * (time - begin);
      outcome_.pools[p].cpu_unserved +=
          static_cast<double>(state.unserved) / micro * (time - begin);
    }
    cpu_.advance(time);
  }

  void take_ended() {
    while (const auto job = cpu_.take_ended()) {
      outcome_.jobs[*job] = {progress_[*job].started, cpu_.now()};
      disciplines_[pool_of_[trace_.jobs[*job].pool]]->leave(*job);
    }
  }

  void take_arrivals() {
    for (; arrived_ < trace_.jobs.size() && trace_.jobs[arrived_].arrival <= cpu_.now();
         ++arrived_) {
      const auto& job = trace_.jobs[arrived_];
      const auto pool = pool_of_[job.pool];
      if (job.memory > most_[pool][Resource::memory]) continue;  // can never fit: refused
      progress_[arrived_].left = job.cpu_s;
      disciplines_[pool]->arrive(static_cast<JobIndex>(arrived_));
    }
  }

  void take_demand() {
    for (; sampled_ < trace_.demand.size() && trace_.demand[sampled_].time <= cpu_.now();
         ++sampled_)
      cpu_.set_demand(pool_of_[trace_.demand[sampled_].pool], trace_.demand[sampled_].cpu);
  }

  void note_broken() {
    for (std::size_t p = 0; p < was_short_.size(); ++p) {
      const bool is_short = cpu_.pools()[p].short_of_reservation;
      if (is_short && !was_short_[p]) ++outcome_.reservations_broken;
      was_short_[p] = is_short;
    }
  }

  [[nodiscard]] double part_done() const {
    const auto all = trace_.jobs.size() + trace_.demand.size();
    return static_cast<double>(arrived_ + sampled_) / static_cast<double>(all);
  }

  SimOutcome finish() {
    outcome_.end = cpu_.now();
    for (std::size_t j = 0; j < trace_.jobs.size(); ++j)
      if (outcome_.jobs[j].finish < 0) outcome_.jobs[j].start = progress_[j].started;
    for (std::size_t p = 0; p < host_.pools.size(); ++p) {
      auto& pool = outcome_.pools[p];
      pool.usage = usage_[p].curve(outcome_.end);
      pool.entitlement.interval = pool.usage.interval;
      pool.entitlement.values.assign(pool.usage.values.size(),
                                     static_cast<double>(cpu_.pools()[p].entitlement) / micro);
    }
    return std::move(outcome_);
  }

  const Trace& trace_;
  const SimHost& host_;
  std::vector<std::uint32_t> pool_of_;  // the host's pool for each of the trace's
  Cpu cpu_;
  std::vector<AdmissionPool> books_;
  std::vector<Progress> progress_;
  std::vector<std::unique_ptr<Discipline>> disciplines_;  // by pool
  std::vector<Resources> most_;                           // room in each empty pool
  std::vector<Recorder> usage_;
  std::vector<bool> was_short_;
  std::size_t arrived_ = 0, sampled_ = 0;
  SimOutcome outcome_;
};

/// The host's pool for each of the trace's.
Result<std::vector<std::uint32_t>> match_pools(const Trace& trace, const SimHost& host) {
  std::vector<bool> has_children(host.pools.size());
  for (const auto& pool : host.pools)
    if (pool.parent) has_children[*pool.parent] = true;
  std::vector<std::uint32_t> pool_of;
  for (const auto& name : trace.pools) {
    auto at = std::ranges::find(host.pools, name, &SimPool::name);
    if (host.pools.size() == 1) at = host.pools.begin();
    if (at == host.pools.end())
      return fail(Errc::config, fmt::format("the trace names pool '{}', which is not configured",
                                            printable(name, 40)));
    const auto index = static_cast<std::size_t>(at - host.pools.begin());
    if (has_children[index])
      return fail(Errc::config, fmt::format("pool '{}' has child pools and holds no jobs", name));
    pool_of.push_back(static_cast<std::uint32_t>(index));
  }
  return pool_of;
}

}  // namespace

std::unique_ptr<Discipline> make_discipline(SimPolicy policy, const Shop& shop) {
  switch (policy) {
    case SimPolicy::fair:
      return make_sharing(shop, false);
    case SimPolicy::latency:
      return make_sharing(shop, true);
    case SimPolicy::round_robin:
      return make_rotating(shop);
    case SimPolicy::fifo:
    case SimPolicy::priority:
    case SimPolicy::priority_no_preempt:
    case SimPolicy::srpt:
      return make_ranked(shop, policy);
    case SimPolicy::drf:
    case SimPolicy::backfill:
    case SimPolicy::throughput:
      return make_queued(shop, policy);
  }
  return make_sharing(shop, false);
}

}  // namespace sim

namespace {

constexpr std::pair<SimPolicy, std::string_view> names[] = {
    {SimPolicy::fair, "fair"},
    {SimPolicy::drf, "drf"},
    {SimPolicy::fifo, "fifo"},
    {SimPolicy::backfill, "backfill"},
    {SimPolicy::round_robin, "round-robin"},
    {SimPolicy::priority, "priority"},
    {SimPolicy::priority_no_preempt, "priority-no-preempt"},
    {SimPolicy::throughput, "throughput"},
    {SimPolicy::latency, "latency"},
    {SimPolicy::srpt, "srpt"},
};

}  // namespace

std::string_view to_text(SimPolicy policy) {
  return std::ranges::find(names, policy, [](const auto& entry) { return entry.first; })->second;
}

std::optional<SimPolicy> sim_policy_named(std::string_view text) {
  const auto* at = std::ranges::find(names, text, [](const auto& entry) { return entry.second; });
  if (at == std::end(names)) return {};
  return at->first;
}

Result<SimOutcome> simulate(const Trace& trace, const SimHost& host, SimPolicy policy,
                            const SimProgress& progress) {
  if (host.pools.empty()) return fail(Errc::config, "nothing to simulate: there is no pool");
  WEIR_TRY(auto pool_of, sim::match_pools(trace, host));
  return sim::Engine(trace, host, policy, std::move(pool_of)).run(progress);
}

}  // namespace weir
