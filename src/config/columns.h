// SPDX-License-Identifier: Apache-2.0
// From columns counted in code points, as the TOML library does, to columns counted in bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace weir::config {

class Columns {
 public:
  /// `text` must be valid UTF-8. A byte order mark counts as the library counts it: not at all.
  explicit Columns(std::string_view text);
  /// Both count from 1; a place beyond the text is left as it is.
  [[nodiscard]] std::uint32_t in_bytes(std::uint32_t line, std::uint32_t code_points) const;

 private:
  bool ascii_ = true;
  std::vector<std::uint32_t> points_;       // byte offset of every code point, and of the end
  std::vector<std::size_t> first_of_line_;  // index into points_
};

}  // namespace weir::config
