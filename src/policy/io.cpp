// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/io.h"

#include <algorithm>

#include "weir/policy/fair.h"

#include "io_nodes.h"

namespace weir {
namespace {

const DiskClaim* claim_on(const Pool& pool, std::size_t disk) {
  const auto at = std::ranges::find(pool.io, disk, &DiskClaim::disk);
  return at == pool.io.end() ? nullptr : &*at;
}

void divide(const PoolTree& tree, std::size_t disk, IoRate rate, std::vector<IoMax>& out) {
  const auto nodes = io_nodes(tree, disk, rate);
  const auto entitled = solve_saturated(nodes, *tree.disks[disk].capability[rate]).amount;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto least =
        std::min(least_io_entitlement(rate), nodes[i].limit.value_or(least_io_entitlement(rate)));
    out[i][tree.disks[disk].carrier.device][rate] = std::max(entitled[i], least);
  }
}

void take_limits(const PoolTree& tree, std::size_t disk, IoRate rate, std::vector<IoMax>& out) {
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    const auto* claim = claim_on(tree.pools[i], disk);
    if (claim != nullptr && claim->limit[rate])
      out[i][tree.disks[disk].carrier.device][rate] = claim->limit[rate];
  }
}

}  // namespace

std::int64_t least_io_entitlement(IoRate rate) {
  const bool bytes = rate == IoRate::read_bps || rate == IoRate::write_bps;
  return bytes ? page_size : least_io_limit;
}

std::vector<FairNode> io_nodes(const PoolTree& tree, std::size_t disk, IoRate rate) {
  std::vector<FairNode> out;
  out.reserve(tree.pools.size());
  for (const auto& pool : tree.pools) {
    FairNode node{pool.parent, pool.spec.shares.value, 0, {}, {}};
    if (const auto* claim = claim_on(pool, disk)) {
      node.shares = claim->shares.value_or(node.shares);
      node.reservation = claim->reservation[rate].value_or(0);
      node.limit = claim->limit[rate];
    }
    out.push_back(node);
  }
  return out;
}

bool is_divided(const PoolTree& tree, std::size_t disk) {
  return std::ranges::any_of(tree.pools, [&](const Pool& pool) {
    const auto* claim = claim_on(pool, disk);
    return claim != nullptr && (claim->shares || claim->reservation.any());
  });
}

std::vector<IoMax> io_limits(const PoolTree& tree) {
  std::vector<IoMax> out(tree.pools.size());
  for (std::size_t disk = 0; disk < tree.disks.size(); ++disk) {
    const bool divided = is_divided(tree, disk);
    for (const auto rate : all_io_rates) {
      if (divided && tree.disks[disk].capability[rate])
        divide(tree, disk, rate, out);
      else
        take_limits(tree, disk, rate, out);
    }
  }
  return out;
}

}  // namespace weir
