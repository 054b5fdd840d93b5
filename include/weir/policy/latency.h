// SPDX-License-Identifier: Apache-2.0
// The least mean response time (docs/allocator.md 7): the c-mu order where a resource is shared,
// Kleinrock's square-root rule where it is partitioned.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "weir/policy/water_fill.h"

namespace weir {

/// Relative entitlements of members of a work-conserving resource: shares / mean work, the least
/// raised to a hundredth of the largest to bound starvation. `work` in seconds, above 0; absent:
/// not learnt yet, and the member counts as the mean of those that are known.
struct Worker {
  std::int64_t shares = 100;
  std::optional<double> work;
};
std::vector<std::int64_t> c_mu_entitlements(std::span<const Worker> workers);

/// A queue that owns its part of a resource.
struct Partition {
  std::int64_t load = 0;  ///< arrival rate * mean work, in units of the resource
  std::int64_t shares = 100;
  std::int64_t floor = 0;
  std::int64_t limit = unbounded;
};

struct PartitionResult {
  std::vector<std::int64_t> amount;
  bool unstable = false;  ///< the loads exceed the capacity: amounts are fair, stop admitting
};

/// Minimises the sum of arrival rate * response time of M/M/1 queues that divide `capacity`
/// (Kleinrock 1964): load + surplus in proportion to sqrt(shares * load), each at least 1.05 of its
/// load where there is room for that.
PartitionResult partition_by_square_root(std::span<const Partition> parts, std::int64_t capacity);

}  // namespace weir
