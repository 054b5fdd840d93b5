// SPDX-License-Identifier: Apache-2.0
// One level of water over a row of vessels: the kernel of every sharing policy
// (docs/allocator.md 2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weir {

__extension__ using Wide = __int128;  ///< products of two 64-bit quantities

/// Stands for "no bound": above every quantity (2^60), and two of them can still be added.
inline constexpr std::int64_t unbounded = std::int64_t{1} << 61;

/// A vessel: at level theta it holds clamp(base + theta * weight, floor, ceiling). The weights and
/// the bases of a row add up to less than 2^61.
struct Vessel {
  std::int64_t weight = 1;  ///< at least 1
  std::int64_t floor = 0;
  std::int64_t ceiling = unbounded;  ///< at least `floor`
  std::int64_t base = 0;
};

/// Finds the level at which vessels hold exactly `total`, in exact integer arithmetic.
///
/// The answer depends on nothing but the arguments: the level is a rational number, interior
/// amounts are rounded down, and the units left over go to the largest remainders, ties to the
/// smaller index. Keeps scratch memory from call to call; one object serves one thread.
class WaterFill {
 public:
  /// Writes one amount for each vessel; their sum is min(total, sum of ceilings). When `total` is
  /// below the sum of floors, floors are scaled down in proportion instead (the rule the kernel
  /// applies to overcommitted memory protection); that needs floors >= 0.
  void divide(std::span<const Vessel> vessels, std::int64_t total, std::span<std::int64_t> amounts);

 private:
  struct Remainder {
    Wide part;
    std::uint32_t index;
  };
  struct Level {
    std::int64_t water;   ///< what the free vessels hold above their bases
    std::int64_t weight;  ///< sum of their weights; theta = water / weight
  };
  /// What bounds add to and take from the vessels at a level, times Level::weight.
  struct Clipped {
    Wide lifted = 0, spilled = 0;
  };
  Level settle(std::span<const Vessel> vessels, std::int64_t total,
               std::span<std::int64_t> amounts);
  /// Splits free_ into low_, high_ and what stays in it.
  Clipped sort_out(std::span<const Vessel> vessels, const Level& level);
  void scale_floors(std::span<const Vessel> vessels, Wide floors, std::int64_t total,
                    std::span<std::int64_t> amounts);
  void hand_out(std::size_t units, std::span<std::int64_t> amounts);

  std::vector<std::uint32_t> free_;        // vessels not yet known to stand at floor or ceiling
  std::vector<std::uint32_t> low_, high_;  // at or below their floor, at or above their ceiling
  std::vector<Remainder> remainders_;
};

}  // namespace weir
