// SPDX-License-Identifier: Apache-2.0
// Small text helpers: strict numbers, splitting, and what may be shown on a terminal.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// The whole text as a number, or nothing. No spaces, no sign on unsigned types, no wrap-around.
template <class T>
std::optional<T> to_number(std::string_view text) {
  T value{};
  const char* last = text.data() + text.size();
  auto [end, ec] = std::from_chars(text.data(), last, value);
  if (ec != std::errc{} || end != last || text.empty()) return std::nullopt;
  return value;
}

/// Without leading and trailing spaces, tabs and line ends.
std::string_view trim(std::string_view text);

/// The pieces between `separator`s; "a,,b" has an empty one, "" has none.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Splits at runs of spaces and line ends; no empty pieces.
std::vector<std::string_view> split_words(std::string_view text);

/// "folder/name".
std::string path_in(std::string_view folder, std::string_view name);

/// Offset of the first byte from `from` on that is NUL or no part of valid UTF-8; the size where
/// there is none.
std::size_t find_bad_byte(std::string_view text, std::size_t from = 0);

/// Length of the valid UTF-8 sequence at the front of `text` (not empty), 0 where there is none.
std::size_t utf8_length(std::string_view text);

/// Hostile text made fit for one line of a terminal or a log: control characters and invalid
/// UTF-8 become \xNN, and what is then longer than `max` bytes is cut and ends in "...". Once more
/// makes no difference.
std::string printable(std::string_view text, std::size_t max = 120);

/// The candidate nearest to `word` (edit distance at most a third of its length, at least 1),
/// or empty: what "did you mean" offers.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

/// Microseconds since 1970 as RFC 3339 has them, in UTC: "2026-01-31T23:59:59.000001Z".
std::string utc_text(std::int64_t us);

/// "a, b and c".
std::string join_words(const std::vector<std::string>& words);

}  // namespace weir
