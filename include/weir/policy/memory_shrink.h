// SPDX-License-Identifier: Apache-2.0
// Memory cannot be taken back at once: how memory.high follows a new division without promising the
// same bytes twice (docs/allocator.md 13).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weir {

/// One leaf, in bytes.
struct MemoryLeaf {
  std::int64_t current = 0;  ///< memory.current
  std::int64_t high = 0;     ///< memory.high as it stands
  std::int64_t target = 0;   ///< what the division gives it
  double some = 0;           ///< memory pressure of the last tick, 0 to 1
};

struct HighWrite {
  std::size_t leaf;
  std::int64_t high;
};

/// Above this pressure a leaf is not squeezed further in this tick.
inline constexpr double shrink_pressure = 0.10;

/// First half of a tick: lowers memory.high of leaves above their target by one step each: the
/// greater of 5 % of what they hold and 16 MiB, or `step` bytes where given.
std::vector<HighWrite> shrink_step(std::span<const MemoryLeaf> leaves,
                                   std::optional<std::int64_t> step = {});

/// Second half, with memory.current read again after the kernel reclaimed: raises memory.high of
/// leaves below their target out of what is free. After any prefix of these writes the sum of
/// max(high, current) is at most `capacity`, if it was before (invariant M1); who lacks most of its
/// target comes first, ties by index.
std::vector<HighWrite> grow_step(std::span<const MemoryLeaf> leaves, std::int64_t capacity);

/// Bytes a second that reclaim frees, as an exponentially weighted mean, and how long the rest
/// takes.
class ReclaimRate {
 public:
  void update(std::int64_t freed, double seconds);
  [[nodiscard]] double bytes_per_second() const { return rate_; }
  /// Seconds until `leaf` reaches its target; nothing while no rate is known.
  [[nodiscard]] std::optional<double> time_for(const MemoryLeaf& leaf) const;

 private:
  double rate_ = 0;
};

}  // namespace weir
