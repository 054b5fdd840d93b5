// SPDX-License-Identifier: Apache-2.0
#include "sim/cpu.h"

#include <algorithm>

#include "weir/base/units.h"

namespace weir::sim {
namespace {

constexpr auto cpu_index = static_cast<std::size_t>(Resource::cpu);
constexpr std::int64_t usual_weight = 100;

std::vector<FairNode> pool_nodes(const SimHost& host) {
  std::vector<FairNode> nodes;
  for (const auto& pool : host.pools) {
    FairNode node{pool.parent, pool.cpu_shares, pool.reservation[cpu_index], {}, 0};
    if (pool.limit[cpu_index] < unbounded) node.limit = pool.limit[cpu_index];
    nodes.push_back(node);
  }
  return nodes;
}

}  // namespace

Cpu::Cpu(const SimHost& host, std::size_t jobs)
    : host_(host),
      slots_(jobs),
      demand_(host.pools.size()),
      nodes_(pool_nodes(host)),
      state_(host.pools.size()) {
  const auto entitled = solve_saturated(nodes_, host.capacity[cpu_index]).amount;
  for (std::size_t p = 0; p < state_.size(); ++p) state_[p].entitlement = entitled[p];
}

std::uint32_t Cpu::clock_of(const Kind& kind) {
  const auto [at, is_new] = index_.try_emplace(kind, static_cast<std::uint32_t>(clocks_.size()));
  if (is_new) {
    clocks_.emplace_back();
    clocks_.back().kind = kind;
  }
  return at->second;
}

void Cpu::start(JobIndex job, const Kind& kind, double cpu_s) {
  const auto index = clock_of(kind);
  auto& clock = clocks_[index];
  if (clock.count == 0) clock.time = 0;  // small numbers keep their precision
  if (!clock.listed) active_.push_back(index);
  clock.listed = true;
  auto& slot = slots_[job];
  slot.clock = index;
  slot.end = clock.time + cpu_s;
  clock.heap.push({slot.end, job, slot.epoch});
  ++clock.count;
}

void Cpu::remove(JobIndex job) {
  auto& slot = slots_[job];
  auto& clock = clocks_[slot.clock];
  ++slot.epoch;
  if (--clock.count == 0) clock.heap = {};
}

double Cpu::stop(JobIndex job) {
  const auto& slot = slots_[job];
  const double left = std::max(0.0, slot.end - clocks_[slot.clock].time);
  remove(job);
  return left;
}

double Cpu::time_left(JobIndex job) const {
  const auto& clock = clocks_[slots_[job].clock];
  const double full = static_cast<double>(clock.kind.cpu) / micro_per_core;
  return (slots_[job].end - clock.time) / (clock.rate > 0 ? clock.rate : full);
}

void Cpu::set_weight(std::uint32_t pool, std::uint32_t group, std::int64_t weight) {
  weights_[{pool, group}] = weight;
}

void Cpu::set_demand(std::uint32_t pool, std::int64_t cpu) { demand_[pool] = cpu; }

void Cpu::add_leaves() {
  nodes_.resize(host_.pools.size());
  std::erase_if(active_, [&](std::uint32_t index) {
    clocks_[index].listed = clocks_[index].count > 0;
    return !clocks_[index].listed;
  });
  for (auto index : active_) {
    const auto& clock = clocks_[index];
    const auto own =
        weights_.empty() ? weights_.end() : weights_.find({clock.kind.pool, clock.kind.group});
    const auto weight = own == weights_.end() ? usual_weight : own->second;
    const auto want = clock.kind.cpu * clock.count;
    nodes_.push_back(
        {clock.kind.pool, weight * clock.count, clock.kind.reserved ? want : 0, {}, want});
  }
  for (std::uint32_t p = 0; p < demand_.size(); ++p)
    if (demand_[p] > 0) nodes_.push_back({p, usual_weight, 0, {}, demand_[p]});
}

void Cpu::divide() {
  add_leaves();
  const auto result = solve_fair(nodes_, host_.capacity[cpu_index]);
  for (std::size_t k = 0; k < active_.size(); ++k) {
    auto& clock = clocks_[active_[k]];
    const auto amount = static_cast<double>(result.amount[host_.pools.size() + k]);
    clock.rate = amount / (static_cast<double>(micro_per_core) * static_cast<double>(clock.count));
  }
  note_pools(result);
}

void Cpu::note_pools(const FairResult& result) {
  for (std::size_t p = 0; p < state_.size(); ++p) {
    state_[p].usage = result.amount[p];
    state_[p].unserved = 0;
    state_[p].short_of_reservation = result.degraded[p];
  }
  auto leaf = host_.pools.size() + active_.size();
  for (std::size_t p = 0; p < demand_.size(); ++p)
    if (demand_[p] > 0) state_[p].unserved = demand_[p] - result.amount[leaf++];
}

void Cpu::drop_stale(Clock& clock) const {
  while (!clock.heap.empty() && slots_[clock.heap.top().job].epoch != clock.heap.top().epoch)
    clock.heap.pop();
}

std::optional<double> Cpu::next_end() {
  std::optional<double> next;
  for (auto index : active_) {
    auto& clock = clocks_[index];
    drop_stale(clock);
    if (clock.heap.empty() || clock.rate <= 0) continue;
    const double end = now_ + std::max(0.0, clock.heap.top().end - clock.time) / clock.rate;
    if (!next || end < *next) next = end;
  }
  return next;
}

void Cpu::advance(double time) {
  const double step = time - now_;
  now_ = time;
  if (step <= 0) return;
  for (auto index : active_) {
    auto& clock = clocks_[index];
    if (clock.count > 0) clock.time += clock.rate * step;
  }
}

std::optional<JobIndex> Cpu::take_ended() {
  for (auto index : active_) {
    auto& clock = clocks_[index];
    drop_stale(clock);
    if (clock.heap.empty()) continue;
    const auto top = clock.heap.top();
    // What is left is rounding of now - then: less than a nanosecond, or than the clock can tell.
    const double blur = 1e-9 * std::max(clock.rate, 1e-9) + 4e-16 * (now_ * clock.rate + top.end);
    if (top.end > clock.time + blur) continue;
    clock.heap.pop();
    remove(top.job);
    return top.job;
  }
  return {};
}

}  // namespace weir::sim
