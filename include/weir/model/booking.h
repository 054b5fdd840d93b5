// SPDX-License-Identifier: Apache-2.0
// An admission whose cgroup does not exist yet: a small file in the run directory. Read back as
// hostile input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/model/record.h"

namespace weir {

struct Booking {
  PoolName pool;
  CgroupPath path;  ///< where the container's cgroup will be
  ContainerRecord record;
  int holder_pid = 0;  ///< who asked; its start time tells it from a later one of the same pid
  std::uint64_t holder_start = 0;  ///< as in /proc/PID/stat
  std::int64_t expires_us = 0;     ///< microseconds since the epoch

  static Result<Booking> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
};

/// How long a booking stands without its cgroup.
inline constexpr std::int64_t booking_life_us = 60'000'000;

}  // namespace weir
