// SPDX-License-Identifier: Apache-2.0
// What dynamic allocation has found out about a pool and decided for it: one small file each in
// /run/weir/private/dynamic, for commands that run beside the agent. Read back as hostile input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weir/base/units.h"
#include "weir/model/block.h"

namespace weir {

struct PoolDynamics {
  /// Microseconds since the epoch: from then on nothing in here holds, because whoever wrote it
  /// would have written again.
  std::int64_t until_us = 0;
  std::optional<Cores> cpu_demand{};
  std::optional<Bytes> memory_demand{};
  std::optional<Bytes> memory_high{};  ///< what memory.high is to be; absent: "max"
  std::optional<IoMax> io{};           ///< what io.max is to be; absent: what the file says

  static Result<PoolDynamics> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
};

}  // namespace weir
