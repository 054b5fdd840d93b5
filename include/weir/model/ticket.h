// SPDX-License-Identifier: Apache-2.0
// Somebody who waits for room in a pool: a small file in the run directory, held by a lock of the
// process that waits. Read back as hostile input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/model/record.h"

namespace weir {

struct QueueTicket {
  std::uint64_t number = 0;  ///< in order of arrival; also the file's name
  PoolName pool;
  ContainerRecord record;  ///< what it asks for; since_us is when it began to wait
  int pid = 0;             ///< who waits, for people to read
  /// Moments on the clock that runs from boot, microseconds.
  std::int64_t arrived_us = 0;
  std::int64_t called_us = 0;  ///< when it was told that it is its turn; 0: not yet
  bool late = false;           ///< it did not come when called: others go first until it stirs

  static Result<QueueTicket> parse(std::string_view text);
  /// Of the same length whatever the last two fields say, so that it can be rewritten in place.
  [[nodiscard]] std::string str() const;
  [[nodiscard]] std::string name() const;
};

}  // namespace weir
