// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "weir/base/units.h"

#include "sim/discipline.h"

namespace weir::sim {
namespace {

std::int64_t most_cpu_in(const SimHost& host, std::uint32_t pool) {
  auto most = host.capacity[Resource::cpu];
  for (std::optional<std::size_t> at = pool; at; at = host.pools[*at].parent)
    most = std::min(most, host.pools[*at].limit[Resource::cpu]);
  return most;
}

}  // namespace

Shop::Shop(const Trace& trace, const SimHost& host, std::uint32_t pool, Cpu& cpu,
           std::vector<AdmissionPool>& books, std::vector<Progress>& jobs, std::uint64_t& switches)
    : trace_(trace),
      host_(host),
      pool_(pool),
      most_cpu_(most_cpu_in(host, pool)),
      cpu_(cpu),
      books_(books),
      jobs_(jobs),
      switches_(switches) {}

std::int64_t Shop::cpu_of(JobIndex j) const {
  return std::min(job(j).threads * micro_per_core, most_cpu_);
}

double Shop::run_time(JobIndex j) const {
  return job(j).cpu_s * static_cast<double>(micro_per_core) / static_cast<double>(cpu_of(j));
}

double Shop::time_left(JobIndex j) const {
  if (jobs_[j].on_cpu) return cpu_.time_left(j);
  return jobs_[j].left * static_cast<double>(micro_per_core) / static_cast<double>(cpu_of(j));
}

Resources Shop::need(JobIndex j) const {
  return cpu_memory(cpu_of(j), jobs_[j].holds_memory ? 0 : job(j).memory);
}

Resources Shop::room() const { return room_in(books_, {host_.capacity, {}}, pool_); }

void Shop::take_memory(JobIndex j) {
  if (jobs_[j].holds_memory) return;
  jobs_[j].holds_memory = true;
  books_[pool_].requests += cpu_memory(0, job(j).memory);
}

void Shop::run(JobIndex j, const Kind& kind) {
  auto& progress = jobs_[j];
  if (progress.started < 0) progress.started = now();
  // Who was taken off and put back in the same instant has never left.
  if (progress.stopped_at != now()) ++switches_;
  progress.on_cpu = true;
  cpu_.start(j, kind, progress.left);
}

void Shop::run_reserved(JobIndex j) {
  take_memory(j);
  books_[pool_].requests += cpu_memory(cpu_of(j), 0);
  run(j, {pool_, cpu_of(j), 0, true});
}

void Shop::run_sharing(JobIndex j, std::uint32_t group) {
  take_memory(j);
  run(j, {pool_, cpu_of(j), group, false});
}

void Shop::freeze(JobIndex j, bool reserved) {
  auto& progress = jobs_[j];
  progress.left = cpu_.stop(j);
  progress.on_cpu = false;
  progress.stopped_at = now();
  if (reserved) books_[pool_].requests -= cpu_memory(cpu_of(j), 0);
}

void Shop::release(JobIndex j, bool reserved) {
  jobs_[j].on_cpu = false;
  books_[pool_].requests -= cpu_memory(reserved ? cpu_of(j) : 0, job(j).memory);
}

}  // namespace weir::sim
