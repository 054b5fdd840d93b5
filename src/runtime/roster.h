// SPDX-License-Identifier: Apache-2.0
// The containers of pools that may spill: who is there, with what is read of each only once.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "weir/policy/dynamic.h"
#include "weir/runtime/session.h"

#include "dynamic_samples.h"

namespace weir {

struct Roster {
  struct Entry {
    CgroupPath path;
    std::size_t pool = 0;
    std::optional<std::int64_t> cpu_limit;  ///< micro-cores
    std::optional<TimedReading> last;
    std::optional<PoolSample> sample;
  };
  std::map<std::string, Entry> members;  ///< by name

  /// One directory a pool is listed; a record is read when its container is new. Who is gone is
  /// forgotten. Unreadable pools keep whom they had.
  void refresh(Session& session);
};

}  // namespace weir
