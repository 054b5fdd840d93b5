// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/demand.h"

#include <algorithm>
#include <cmath>

#include "weir/base/units.h"
#include "weir/policy/water_fill.h"

namespace weir {
namespace {

constexpr double bucket_ratio = 1.05;
constexpr double first_bucket = 4096;  // smaller than a page, or than 0.005 core, is all the same

std::size_t bucket_of(std::int64_t value) {
  if (static_cast<double>(value) <= first_bucket) return 0;
  const double steps = std::log(static_cast<double>(value) / first_bucket) / std::log(bucket_ratio);
  return static_cast<std::size_t>(std::ceil(steps - 1e-9));
}

std::int64_t upper_bound_of(std::size_t bucket) {
  return std::llround(first_bucket * std::pow(bucket_ratio, static_cast<double>(bucket)));
}

std::int64_t times(std::int64_t value, double factor) {
  return std::llround(static_cast<double>(value) * factor);
}

}  // namespace

std::int64_t cpu_demand(const CpuSample& sample) {
  constexpr double calm = 0.02;
  // At full pressure psi/(1-psi) has no bound; a hundredfold is beyond every other cap.
  const double psi = std::clamp(sample.some, 0.0, 0.99);
  const auto wanted =
      psi < calm ? times(sample.usage, 1.15)
                 : std::max(times(sample.usage, 1 + psi / (1 - psi)), times(sample.usage, 1.5));
  const auto cpus = std::min(sample.threads, sample.cpuset.value_or(sample.threads));
  return std::min({wanted, sample.limit.value_or(unbounded), cpus * micro_per_core});
}

void DecayedHistogram::add(double time, std::int64_t value) {
  constexpr double renormalise_at = 30;  // half-lives; 2^30 leaves a double its precision
  if (weight_.empty()) origin_ = time;
  double age = (time - origin_) / half_life_;
  if (age > renormalise_at) {
    for (auto& weight : weight_) weight = std::ldexp(weight, -static_cast<int>(age));
    total_ = std::ldexp(total_, -static_cast<int>(age));
    origin_ += std::floor(age) * half_life_;
    age -= std::floor(age);
  }
  const auto bucket = bucket_of(value);
  if (bucket >= weight_.size()) weight_.resize(bucket + 1);
  weight_[bucket] += std::exp2(age);
  total_ += std::exp2(age);
}

std::int64_t DecayedHistogram::percentile(double part) const {
  double below = 0;
  for (std::size_t i = 0; i < weight_.size(); ++i) {
    below += weight_[i];
    if (weight_[i] > 0 && below >= part * total_ * (1 - 1e-12)) return upper_bound_of(i);
  }
  return weight_.empty() ? 0 : upper_bound_of(weight_.size() - 1);
}

std::int64_t MemoryDemand::update(const Sample& sample) {
  constexpr double short_of_memory = 0.01;
  history_.add(sample.time, sample.current);
  const auto usual = times(history_.percentile(0.98), 1.15);
  if (!sample.hit_limit && sample.some <= short_of_memory) return usual;
  return std::max(usual, times(sample.current, 1.2));
}

std::int64_t lendable(std::int64_t reservation, std::int64_t working_set, std::int64_t current,
                      std::int64_t reclaimable) {
  return std::max<std::int64_t>(0, reservation - std::max(working_set, current - reclaimable));
}

std::int64_t Smoother::update(std::int64_t value) {
  const auto sample = static_cast<double>(value);
  const double alpha = !mean_ ? 1.0 : sample > *mean_ ? 0.5 : 0.1;
  mean_ = mean_.value_or(0) + alpha * (sample - mean_.value_or(0));
  return std::llround(*mean_);
}

std::optional<std::int64_t> Damper::update(double time, std::int64_t sample) {
  const auto mean = mean_.update(sample);
  if (written_) {
    const auto band = std::max({*written_ / 50, capacity_ / 100, std::int64_t{1}});
    const bool rises = sample >= *written_ + band;
    const bool has_fallen = sample <= *written_ - band && mean - sample < band;
    if (!rises && !has_fallen) return {};
    if (time - written_at_ < dwell_) return {};
  }
  written_ = sample;
  written_at_ = time;
  return sample;
}

}  // namespace weir
