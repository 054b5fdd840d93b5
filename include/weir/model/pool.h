// SPDX-License-Identifier: Apache-2.0
// The pools of a host with every number absolute: what the allocator and the planner work on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "weir/model/block.h"
#include "weir/model/config.h"
#include "weir/model/host.h"

namespace weir {

/// Reservation, limit and shares of one resource, in absolute numbers.
template <class T>
struct Claim {
  T reservation{};
  std::optional<T> limit;  ///< absent: the parent's
  std::int64_t shares = default_shares;
  bool expandable = true;  ///< may borrow the parent's unreserved capacity
};

/// What a pool says of one disk.
struct DiskClaim {
  std::size_t disk = 0;                     ///< index into PoolTree::disks
  std::size_t entry = 0;                    ///< index into PoolSpec::io
  std::optional<std::int64_t> shares = {};  ///< absent: the pool's
  IoRates reservation = {}, limit = {};
};

/// A disk that weir.toml names by some path.
struct PoolDisk {
  Carrier carrier;
  std::optional<std::size_t> declared;  ///< index into HostSpec::disks
  IoRates capability;
};

struct Pool {
  PoolSpec spec;                           ///< what was written
  std::optional<std::size_t> parent = {};  ///< index into PoolTree::pools; absent: the top slice
  std::vector<std::size_t> children = {};
  CgroupPath path = {};
  Claim<Cores> cpu = {};
  Claim<Bytes> memory = {};
  std::optional<Tasks> pids_limit = {};
  std::optional<CpuSet> cpus = {};  ///< its own; absent: the nearest ancestor's, or all
  std::vector<DiskClaim> io = {};   ///< one for each disk, once the paths are resolved

  [[nodiscard]] const PoolName& name() const { return spec.name; }
};

/// Parents stand before their children; siblings in file order.
struct PoolTree {
  CgroupPath top;  ///< "weir.slice"
  Capacity capacity;
  HostSpec host;
  std::vector<Pool> pools;
  Backend backend = Backend::cgroupfs;  ///< who makes the cgroups
  std::vector<PoolDisk> disks = {};     ///< once the paths are resolved

  /// Index of the pool called `name`.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  /// Index of the pool whose slice this is.
  [[nodiscard]] std::optional<std::size_t> find_at(const CgroupPath& slice) const;
  [[nodiscard]] std::vector<std::size_t> top_pools() const;
  /// From the pool itself up to its top-level ancestor.
  [[nodiscard]] std::vector<std::size_t> chain(std::size_t pool) const;
  /// The least limit on the chain, or the host's capacity.
  [[nodiscard]] Cores effective_cpu_limit(std::size_t pool) const;
  [[nodiscard]] Bytes effective_memory_limit(std::size_t pool) const;
};

}  // namespace weir
