// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "weir/base/units.h"
#include "weir/policy/dynamic.h"

namespace weir {
namespace {

constexpr double minute = 60;
constexpr double some_is_short = 0.01;

}  // namespace

PoolDemand PoolEstimator::update(const PoolSample& sample) {
  PoolDemand out;
  out.cpu = cpu_demand(sample.cpu);
  out.memory = memory_.update({sample.time, sample.current, sample.memory_some, sample.hit_limit});
  // What sleeps needs nothing of what could be read again.
  const auto working_set =
      sample.alive ? sample.current - std::min(sample.inactive, sample.current) : 0;
  out.held = std::max(peak_of_last_minute(sample.time, working_set),
                      sample.current - std::min(sample.reclaimable, sample.current));
  if (sample.alive) alive_at_ = sample.time;
  const bool slept = sample.time - alive_at_ > minute;  // as long as its peak counts
  short_ = !slept && (short_ || sample.hit_limit || sample.memory_some > some_is_short);
  out.wants_all = short_;
  return out;
}

std::int64_t PoolEstimator::peak_of_last_minute(double time, std::int64_t working_set) {
  while (!peaks_.empty() && peaks_.back().second <= working_set) peaks_.pop_back();
  peaks_.emplace_back(time, working_set);
  while (peaks_.front().first < time - minute) peaks_.pop_front();
  return peaks_.front().second;
}

}  // namespace weir
