// SPDX-License-Identifier: Apache-2.0
// Seeded random numbers that are the same on every standard library, and how many cases to try.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>

#include "weir/base/text.h"

namespace weir::testing {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15U + 1) {}

  /// Uniform in [least, most]; std::uniform_int_distribution differs between libraries.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    const auto span = static_cast<std::uint64_t>(most - least) + 1;
    return least + static_cast<std::int64_t>(engine_() % span);
  }
  std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(between(0, static_cast<std::int64_t>(n) - 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
  /// Every order of magnitude up to `most` equally likely; at least 1.
  std::int64_t any_magnitude(std::int64_t most) {
    int bits = 0;
    while (bits < 62 && (std::int64_t{1} << bits) < most) ++bits;
    const auto cap = std::int64_t{1} << between(0, bits);
    return between(1, cap < most ? cap : most);
  }

 private:
  std::mt19937_64 engine_;
};

/// WEIR_PROPERTY_CASES, or 10,000; expensive properties ask for one part in `divisor` of it.
inline std::uint64_t property_cases(std::uint64_t divisor = 1) {
  const char* text = std::getenv("WEIR_PROPERTY_CASES");
  const auto asked = to_number<std::uint64_t>(text == nullptr ? "" : text).value_or(10'000);
  return asked < divisor ? 1 : asked / divisor;
}

}  // namespace weir::testing
