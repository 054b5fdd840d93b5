// SPDX-License-Identifier: Apache-2.0
#include "weir/base/units.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <optional>

#include "weir/base/text.h"

namespace weir {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::int64_t kib = 1024;
constexpr std::array byte_units{
    Unit{"KiB", kib},           Unit{"MiB", kib* kib},
    Unit{"GiB", kib* kib* kib}, Unit{"TiB", kib* kib* kib* kib},
    Unit{"kB", 1000},           Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},  Unit{"TB", 1'000'000'000'000},
};
constexpr std::array duration_units{
    Unit{"ms", 1},
    Unit{"s", 1000},
    Unit{"m", 60'000},
    Unit{"h", 3'600'000},
};

struct Written {
  std::string_view number;
  std::string_view unit;
};

/// "1.5GiB" -> {"1.5", "GiB"}. A sign, an exponent or a space stays in the unit, which then matches
/// none.
Written split_unit(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  return {text.substr(0, end), text.substr(end)};
}

/// A decimal without sign or exponent times `factor`, rounded down; nothing when malformed or above
/// `max`. Digits behind the point beyond the ninth are refused: nobody means them.
std::optional<std::int64_t> scaled(std::string_view number, std::int64_t factor, std::int64_t max) {
  const auto point = number.find('.');
  const auto whole_text = number.substr(0, point);
  auto fraction_text =
      point == std::string_view::npos ? std::string_view{} : number.substr(point + 1);
  if (whole_text.empty() || (point != std::string_view::npos && fraction_text.empty())) return {};
  if (whole_text.size() > 19 || fraction_text.size() > 9) return {};
  const auto whole = to_number<std::int64_t>(whole_text);
  if (!whole) return {};
  __int128 value = static_cast<__int128>(*whole) * factor;
  if (!fraction_text.empty()) {
    const auto fraction = to_number<std::int64_t>(fraction_text);
    if (!fraction) return {};
    std::int64_t denominator = 1;
    for (std::size_t i = 0; i < fraction_text.size(); ++i) denominator *= 10;
    value += static_cast<__int128>(*fraction) * factor / denominator;
  }
  if (value > max) return {};
  return static_cast<std::int64_t>(value);
}

template <std::size_t N>
std::optional<std::int64_t> factor_of(const std::array<Unit, N>& units, std::string_view name) {
  for (const auto& unit : units)
    if (unit.name == name) return unit.factor;
  return std::nullopt;
}

/// `value` / 10^6 without trailing zeros.
std::string decimal_millionths(std::int64_t value) {
  auto text = fmt::format("{}.{:06}", value / micro_per_core, value % micro_per_core);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::int64_t Percent::of(std::int64_t whole) const {
  return static_cast<std::int64_t>(static_cast<__int128>(whole) * millionths / 1'000'000);
}

Result<Cores> parse_cores(std::string_view text) {
  const auto [number, unit] = split_unit(text);
  std::optional<std::int64_t> micro;
  if (unit.empty()) micro = scaled(number, micro_per_core, max_cores.value);
  if (unit == "m") micro = scaled(number, micro_per_core / 1000, max_cores.value);
  if (!micro)
    return fail(Errc::usage, fmt::format("'{}' is not a number of CPU cores", printable(text)),
                "write cores as 1.5 or \"1500m\"");
  if (*micro < min_cores.value)
    return fail(Errc::usage,
                fmt::format("'{}' is below the smallest CPU amount, 0.01 core", printable(text)));
  return Cores{*micro};
}

Result<Cores> parse_cores_or_zero(std::string_view text) {
  return text == "0" || text == "0m" ? Cores{} : parse_cores(text);
}

Result<Cores> cores_from_double(double cores) {
  if (!std::isfinite(cores) || cores < 0 || cores > as_double(max_cores))
    return fail(Errc::usage, fmt::format("{} is not a number of CPU cores", cores),
                "write cores as 1.5 or \"1500m\"");
  const Cores out{
      static_cast<std::int64_t>(std::llround(cores * static_cast<double>(micro_per_core)))};
  if (out < min_cores)
    return fail(Errc::usage, fmt::format("{} is below the smallest CPU amount, 0.01 core", cores));
  return out;
}

Result<Bytes> parse_bytes(std::string_view text) {
  const auto [number, unit] = split_unit(text);
  const auto factor = unit.empty() ? std::optional<std::int64_t>{1} : factor_of(byte_units, unit);
  const bool whole_bytes = !unit.empty() || number.find('.') == std::string_view::npos;
  const auto value =
      factor && whole_bytes ? scaled(number, *factor, max_bytes.value) : std::nullopt;
  if (!value)
    return fail(Errc::usage, fmt::format("'{}' is not a size", printable(text)),
                "write sizes as 512MiB, 1.5GiB, 500MB or a whole number of bytes, at most 2^60");
  return Bytes{*value};
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto [number, unit] = split_unit(text);
  if (text == "0") return std::chrono::milliseconds{0};
  const auto factor = factor_of(duration_units, unit);
  constexpr std::int64_t ten_years = std::int64_t{10} * 366 * 24 * 3'600'000;
  const auto value = factor ? scaled(number, *factor, ten_years) : std::nullopt;
  if (!value)
    return fail(Errc::usage, fmt::format("'{}' is not a duration", printable(text)),
                "write durations as 200ms, 10s, 5m or 2h");
  return std::chrono::milliseconds{*value};
}

Result<Percent> parse_percent(std::string_view text) {
  if (text.ends_with('%')) {
    const auto value = scaled(text.substr(0, text.size() - 1), 10'000, 1'000'000);
    if (value && *value > 0) return Percent{*value};
  }
  return fail(Errc::usage,
              fmt::format("'{}' is not a percentage above 0% and up to 100%", printable(text)));
}

std::string to_text(Cores cores) { return decimal_millionths(cores.value); }

std::string to_text(Bytes bytes) {
  for (std::size_t i = 4; i-- > 0;) {
    const auto& unit = byte_units[i];
    if (bytes.value < unit.factor) continue;
    const auto tenths =
        static_cast<std::int64_t>(static_cast<__int128>(bytes.value) * 10 / unit.factor);
    if (tenths % 10 == 0) return fmt::format("{}{}", tenths / 10, unit.name);
    return fmt::format("{}.{}{}", tenths / 10, tenths % 10, unit.name);
  }
  return fmt::format("{}", bytes.value);
}

std::string to_exact_text(Bytes bytes) {
  for (std::size_t i = 4; i-- > 0;) {
    const auto& unit = byte_units[i];
    if (bytes.value >= unit.factor && bytes.value % unit.factor == 0)
      return fmt::format("{}{}", bytes.value / unit.factor, unit.name);
  }
  return fmt::format("{}", bytes.value);
}

std::string to_text(std::chrono::milliseconds duration) {
  for (std::size_t i = duration_units.size(); i-- > 0;) {
    const auto& unit = duration_units[i];
    if (duration.count() >= unit.factor && duration.count() % unit.factor == 0)
      return fmt::format("{}{}", duration.count() / unit.factor, unit.name);
  }
  return fmt::format("{}ms", duration.count());
}

}  // namespace weir
