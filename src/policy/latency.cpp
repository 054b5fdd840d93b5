// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/latency.h"

#include <algorithm>
#include <cmath>

namespace weir {
namespace {

// Roots become integers here; 20 bits keep a relative error below 1e-6 for a load of one unit.
std::int64_t root_weight(const Partition& part) {
  const auto product = static_cast<double>(part.shares) * static_cast<double>(part.load);
  return std::max<std::int64_t>(1, std::llround(std::ldexp(std::sqrt(product), 10)));
}

Wide floors_of(std::span<const Vessel> vessels) {
  Wide sum = 0;
  for (const auto& vessel : vessels) sum += vessel.floor;
  return sum;
}

std::vector<Vessel> vessels_for(std::span<const Partition> parts, std::int64_t headroom_divisor) {
  std::vector<Vessel> vessels;
  for (const auto& part : parts) {
    const auto wanted = part.load + (headroom_divisor > 0 ? part.load / headroom_divisor : 0);
    vessels.push_back({root_weight(part), std::min(std::max(part.floor, wanted), part.limit),
                       part.limit, std::min(part.load, part.limit)});
  }
  return vessels;
}

}  // namespace

std::vector<std::int64_t> c_mu_entitlements(std::span<const Worker> workers) {
  double known = 0;
  std::size_t count = 0;
  for (const auto& worker : workers)
    if (worker.work) {
      known += *worker.work;
      ++count;
    }
  const double usual = count > 0 ? known / static_cast<double>(count) : 1.0;
  std::vector<double> index(workers.size());
  std::ranges::transform(workers, index.begin(), [&](const Worker& worker) {
    return static_cast<double>(worker.shares) / worker.work.value_or(usual);
  });
  constexpr double most = 1'000'000, least = most / 100;
  const double largest = index.empty() ? 1 : std::ranges::max(index);
  std::vector<std::int64_t> entitlements(workers.size());
  std::ranges::transform(index, entitlements.begin(), [&](double value) {
    return std::llround(std::max(least, most * value / largest));
  });
  return entitlements;
}

PartitionResult partition_by_square_root(std::span<const Partition> parts, std::int64_t capacity) {
  constexpr std::int64_t headroom = 20;  // 1/20 = 5 %
  PartitionResult result;
  result.amount.resize(parts.size());
  Wide load = 0;
  for (const auto& part : parts) load += part.load;
  auto vessels = vessels_for(parts, headroom);
  if (floors_of(vessels) > capacity) vessels = vessels_for(parts, 0);
  if (load >= capacity || floors_of(vessels) > capacity) {
    result.unstable = load >= capacity;
    std::ranges::transform(parts, vessels.begin(), [](const Partition& part) {
      return Vessel{part.shares, std::min(part.floor, part.limit), part.limit};
    });
  }
  WaterFill().divide(vessels, capacity, result.amount);
  return result;
}

}  // namespace weir
