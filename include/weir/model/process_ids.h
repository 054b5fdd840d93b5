// SPDX-License-Identifier: Apache-2.0
// Whose a process is: the users and groups of /proc/PID/status.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "weir/base/result.h"

namespace weir {

struct ProcessIds {
  std::array<std::uint32_t, 4> users{};   ///< real, effective, saved, of the file system
  std::array<std::uint32_t, 4> groups{};  ///< the same
  std::vector<std::uint32_t> supplementary;

  /// Nothing was gained or laid down by a setuid or setgid program: all four are the same.
  [[nodiscard]] bool is_plain() const;
  auto operator<=>(const ProcessIds&) const = default;
};

Result<ProcessIds> parse_process_ids(std::string_view status);

}  // namespace weir
