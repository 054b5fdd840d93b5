// SPDX-License-Identifier: Apache-2.0
// Amounts of everything a pool divides, side by side.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "weir/policy/water_fill.h"

namespace weir {

/// What is divided: micro-cores, bytes, bytes a second, bytes a second.
enum class Resource : std::size_t { cpu, memory, io_read, io_write };
inline constexpr std::size_t resource_count = 4;
std::string_view to_text(Resource resource);

/// One amount for each Resource, in its unit; none above 2^60 unless it is `unbounded`.
struct Resources {
  std::array<std::int64_t, resource_count> amount{};

  constexpr std::int64_t& operator[](Resource r) { return amount[static_cast<std::size_t>(r)]; }
  constexpr std::int64_t operator[](Resource r) const {
    return amount[static_cast<std::size_t>(r)];
  }
  constexpr std::int64_t& operator[](std::size_t r) { return amount[r]; }
  constexpr std::int64_t operator[](std::size_t r) const { return amount[r]; }

  friend bool operator==(const Resources&, const Resources&) = default;
  Resources& operator+=(const Resources& other);
  Resources& operator-=(const Resources& other);
  friend Resources operator+(Resources a, const Resources& b) { return a += b; }
  friend Resources operator-(Resources a, const Resources& b) { return a -= b; }

  /// No amount exceeds the other's.
  [[nodiscard]] bool fits(const Resources& room) const;

  static constexpr Resources all(std::int64_t value) {
    Resources same;
    same.amount.fill(value);
    return same;
  }
};

/// CPU and memory, the rest 0.
constexpr Resources cpu_memory(std::int64_t micro_cores, std::int64_t bytes) {
  return {{micro_cores, bytes, 0, 0}};
}

}  // namespace weir
