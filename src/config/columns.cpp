// SPDX-License-Identifier: Apache-2.0
#include "columns.h"

#include <algorithm>

namespace weir::config {

Columns::Columns(std::string_view text) {
  const auto is_continuation = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
  };
  ascii_ = std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (ascii_) return;
  first_of_line_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_continuation(text[i])) continue;
    points_.push_back(static_cast<std::uint32_t>(i));
    if (text[i] == '\n') first_of_line_.push_back(points_.size());
  }
  points_.push_back(static_cast<std::uint32_t>(text.size()));
}

std::uint32_t Columns::in_bytes(std::uint32_t line, std::uint32_t code_points) const {
  if (ascii_ || line == 0 || code_points == 0 || line > first_of_line_.size()) return code_points;
  const auto first = first_of_line_[line - 1];
  const auto index = std::min(first + code_points - 1, points_.size() - 1);
  if (first >= points_.size()) return code_points;
  return points_[index] - points_[first] + 1;
}

}  // namespace weir::config
