// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <map>

#include "checks.h"

namespace weir::config {
namespace {

/// Above this ratio the kernel's 1..10000 weights miss a share by more than 5 % (allocator.md 2.5).
constexpr std::int64_t widest_ratio = 1000;

struct Share {
  std::int64_t value = 0;
  SourcePos at;
  std::string_view pool;
};

/// The extremes of one resource among one group of siblings.
struct Spread {
  Share least, most;

  void add(const Share& share) {
    if (least.value == 0 || share.value < least.value) least = share;
    if (share.value > most.value) most = share;
  }
  void check(std::string_view resource, Report& report) const {
    if (least.value == 0 || most.value / least.value < widest_ratio ||
        most.value == least.value * widest_ratio)
      return;
    report.warning(least.at, fmt::format("pool.{}", least.pool),
                   fmt::format("{} shares {} beside {} of '{}' are more than 1 : {} apart",
                               resource, least.value, most.value, most.pool, widest_ratio),
                   "the kernel cannot keep such a ratio exactly: put a pool level between them");
  }
};

Share own_share(const PoolSpec& pool, const std::optional<std::int64_t>& shares, SourcePos at) {
  if (shares) return {*shares, at, pool.name.str()};
  return {pool.shares.value, pool.shares.at, pool.name.str()};
}

void check_group(const Config& config, const std::vector<std::size_t>& group, Report& report) {
  Spread cpu, memory;
  std::map<std::string_view, Spread> disks;
  for (const auto i : group) {
    const auto& pool = config.pools[i];
    cpu.add(own_share(pool, pool.cpu.shares, pool.cpu.shares_at));
    memory.add(own_share(pool, pool.memory.shares, pool.memory.shares_at));
    for (const auto& io : pool.io)
      if (io.shares) disks[io.path.value].add(own_share(pool, io.shares, io.shares_at));
  }
  cpu.check("cpu", report);
  // The pool's own shares count for both; one word about them is enough.
  if (memory.least.at != cpu.least.at || memory.most.at != cpu.most.at)
    memory.check("memory", report);
  for (const auto& [path, spread] : disks) spread.check("io", report);
}

}  // namespace

void check_shares(const Config& config, const PoolIndex& index, Report& report) {
  check_group(config, index.top, report);
  for (const auto& group : index.children) check_group(config, group, report);
}

}  // namespace weir::config
