// SPDX-License-Identifier: Apache-2.0
// What a pool without child pools does with its containers: one interface for all policies
// (docs/allocator.md 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "weir/base/result.h"
#include "weir/model/config.h"
#include "weir/policy/lp.h"
#include "weir/policy/resources.h"

namespace weir {

/// A container of the pool, in order of arrival.
struct Contender {
  std::int64_t shares = default_shares;
  std::int64_t priority = 0;
  double value = 1;            ///< of the whole container, for throughput
  std::optional<double> work;  ///< mean CPU seconds, for latency
  std::int64_t load = 0;       ///< micro-cores its arrivals need on average, for latency
  Resources request;           ///< its reservation
  Resources limit = Resources::all(unbounded);
  Resources demand;      ///< what it could use; see demand_of
  bool admitted = true;  ///< false: it still waits, and may be let in
};

/// In static mode what a member asked for counts as its demand, once and for all; in dynamic mode
/// what was `estimated`.
Resources demand_of(Mode mode, const Resources& request, const Resources& limit,
                    const Resources& estimated);

enum class Turn { runs, waits, frozen };

/// Indexed as the members were.
struct Division {
  std::vector<Turn> turn;
  std::vector<Resources> amount;  ///< what each gets of what the pool has; nothing for who waits
  std::vector<std::uint16_t> cpu_weight;
  bool degraded = false;  ///< requests of those admitted exceed what the pool has
  bool unstable = false;  ///< latency: more work arrives than the pool can do; stop admitting
};

class Policy {
 public:
  Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  virtual ~Policy() = default;

  /// Divides what the pool has. Depends on nothing but its arguments. Fails only where an LP
  /// solver does.
  virtual Result<Division> divide(const Resources& capacity,
                                  const std::vector<Contender>& members) const = 0;
};

struct PolicyOptions {
  bool backfill = false;       ///< fifo
  std::uint64_t turn = 0;      ///< round-robin: how many slices have passed
  LpSolver* solver = nullptr;  ///< throughput over several resources; owned by the caller
};

std::unique_ptr<Policy> make_policy(PolicyKind kind, const PolicyOptions& options = {});

}  // namespace weir
