// SPDX-License-Identifier: Apache-2.0
// Moves that give CPU: for a pool whose limit is what holds its containers back, since there
// weights do not help (docs/allocator.md 14).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "weir/policy/remedy.h"

namespace weir {

/// Micro-cores throughout.
struct SpillPool {
  std::string name;
  std::int64_t room = 0;         ///< the least limit on its chain, or the host's capacity
  std::int64_t entitlement = 0;  ///< what it gets when everybody wants everything
  std::vector<std::size_t> to;   ///< pools that its containers may go to
};

struct SpillMember {
  std::string name;
  std::size_t pool = 0;
  std::int64_t demand = 0;
  std::int64_t resident = 0;  ///< bytes
  std::int64_t threads = 1;
  std::optional<double> moved_ago;  ///< seconds since it moved last
};

/// How far demand exceeds what the pool may use, as a part of that: what OverageWatch takes.
std::vector<double> cpu_overages(std::span<const SpillPool> pools,
                                 std::span<const SpillMember> members);

/// For pools in `over`: the cheapest moves after which all of them fit; where that cannot be, one
/// move at least, of the cheapest container that fits elsewhere. A pool takes in what it is
/// entitled to or the host has idle (`idle`), within its own room. Kinds are all `move`.
std::vector<Remedy> plan_spill(std::span<const SpillPool> pools,
                               std::span<const SpillMember> members,
                               std::span<const std::size_t> over, std::int64_t idle,
                               const BalanceRules& rules);

}  // namespace weir
