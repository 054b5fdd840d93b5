// SPDX-License-Identifier: Apache-2.0
// Quantities that carry their unit in the type, and how people write them.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/result.h"

namespace weir {

/// A 64-bit quantity that only mixes with its own kind.
template <class Tag>
struct Quantity {
  std::int64_t value = 0;
  auto operator<=>(const Quantity&) const = default;
  friend Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
  friend Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
  Quantity& operator+=(Quantity other) {
    value += other.value;
    return *this;
  }
};

/// CPU in millionths of a core: 1'500'000 is one core and a half.
using Cores = Quantity<struct CoresTag>;
using Bytes = Quantity<struct BytesTag>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag>;
using OpsPerSecond = Quantity<struct OpsPerSecondTag>;
/// Processes and threads, as pids.max counts them.
using Tasks = Quantity<struct TasksTag>;

inline constexpr std::int64_t micro_per_core = 1'000'000;
inline constexpr Cores min_cores{10'000};
/// No host has more; a larger number in a file is a mistake, not a wish.
inline constexpr Cores max_cores{1'000'000 * micro_per_core};
inline constexpr Bytes max_bytes{std::int64_t{1} << 60};
inline constexpr std::int64_t page_size = 4096;

/// Percentage of the parent's same value, in millionths: 50 % is 500'000.
struct Percent {
  std::int64_t millionths = 0;
  auto operator<=>(const Percent&) const = default;
  /// `part` of `whole`, rounded down, without overflow.
  [[nodiscard]] std::int64_t of(std::int64_t whole) const;
};

constexpr Cores whole_cores(std::int64_t n) { return {n * micro_per_core}; }
/// As JSON and arithmetic with people want it: 1.5.
constexpr double as_double(Cores c) {
  return static_cast<double>(c.value) / static_cast<double>(micro_per_core);
}
/// The kernel keeps memory in pages and rounds down (kernel.md #27).
constexpr Bytes page_floor(Bytes b) { return {b.value / page_size * page_size}; }

/// "1.5", "1500m" or "2"; at least 0.01 core. Errors are Errc::usage and quote the text.
Result<Cores> parse_cores(std::string_view text);
/// The same, or nothing at all: "0", "0m".
Result<Cores> parse_cores_or_zero(std::string_view text);
/// From a number in a TOML file; the same bounds as parse_cores.
Result<Cores> cores_from_double(double cores);
/// "4GiB", "500MB", "1.5GiB" or a bare integer of bytes. Not negative, at most 2^60.
Result<Bytes> parse_bytes(std::string_view text);
/// "10s", "1.5m", "200ms", "2h"; a bare number is refused, "0" is not.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "50%", "12.5%"; 0 < p <= 100.
Result<Percent> parse_percent(std::string_view text);

/// "1.5" without trailing zeros.
std::string to_text(Cores cores);
/// The largest binary unit with at most one decimal: "4GiB", "1.5MiB", "512".
std::string to_text(Bytes bytes);
/// An exact spelling that parse_bytes reads back: "4GiB" or bare bytes.
std::string to_exact_text(Bytes bytes);
std::string to_text(std::chrono::milliseconds duration);

}  // namespace weir
