// SPDX-License-Identifier: Apache-2.0
// The form all records share: "key value" lines behind a version line.
#pragma once

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "weir/base/result.h"
#include "weir/base/text.h"

namespace weir::record_text {

inline constexpr std::size_t longest_record = 4096;
inline constexpr std::string_view version_line = "weir 1";

/// Calls `take(key, value)` for each line and stops at the first false.
template <class Take>
Status each_line(std::string_view text, Take take) {
  if (text.size() > longest_record) return fail(Errc::failed, "record is longer than 4096 bytes");
  const auto lines = split(text, '\n');
  if (lines.empty() || lines.front() != version_line)
    return fail(Errc::failed, "record has an unknown version");
  for (const auto line : lines) {
    if (line.empty() || line == version_line) continue;
    const auto gap = std::min(line.find(' '), line.size());
    const auto value = line.substr(std::min(gap + 1, line.size()));
    if (!take(line.substr(0, gap), value))
      return fail(Errc::failed, fmt::format("record line '{}' is malformed", printable(line, 60)));
  }
  return {};
}

}  // namespace weir::record_text
