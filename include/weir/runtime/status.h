// SPDX-License-Identifier: Apache-2.0
// Pools and containers with what they are entitled to and what they use.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "weir/model/ticket.h"
#include "weir/policy/ledger.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/session.h"

namespace weir {

struct CpuUse {
  std::optional<Cores> usage;      ///< over the sample; absent without one
  std::optional<double> pressure;  ///< some avg10, percent
};

struct MemoryUse {
  Bytes usage;
  std::optional<double> pressure;
};

struct PoolStatus {
  std::optional<Cores> cpu_demand;  ///< what dynamic allocation thinks it wants; absent without one
  std::optional<Bytes> memory_demand;
  std::size_t pool = 0;  ///< index into the tree
  bool applied = false;  ///< its slice exists
  Cores cpu_entitlement;
  Bytes memory_entitlement;
  PoolAccount account;  ///< what its members and child pools reserve, and from whom
  CpuUse cpu;
  MemoryUse memory;
  std::int64_t pids = 0;
  IoMax io;                    ///< what its io.max is to be
  std::size_t containers = 0;  ///< in it and below
  std::size_t queued = 0;      ///< those that wait for it
};

struct ContainerStatus {
  Member member;
  bool frozen = false;
  std::int64_t pids = 0;
  Cores cpu_entitlement;
  CpuUse cpu;
  Bytes memory_usage;
};

struct WaitingStatus {
  QueueTicket ticket;
  std::size_t pool = 0;      ///< index into the tree
  std::size_t position = 0;  ///< in its pool's queue, from 1
};

/// Who waits, in order of arrival. The books must be locked.
Result<std::vector<WaitingStatus>> waiting(Session& session);

struct HostStatus {
  Capacity capacity;
  Cores cpu_reserved;  ///< by the top pools
  Bytes memory_reserved;
  std::vector<PoolStatus> pools;
  std::vector<ContainerStatus> containers;
  std::vector<WaitingStatus> queue;
};

/// Reads the whole tree; `sample` is the time between two readings of cpu.stat, 0 for none.
Result<HostStatus> status(Session& session, std::chrono::milliseconds sample);

/// The same, with containers that ended unwatched taken away before.
Result<HostStatus> reclaimed_status(Session& session, std::chrono::milliseconds sample);

}  // namespace weir
