// SPDX-License-Identifier: Apache-2.0
// The guarantee of the top slice against the rest of the host.
#pragma once

#include <cstdint>
#include <utility>

#include "weir/policy/desired.h"

namespace weir {

struct TopWeight {
  std::int64_t wanted = 100;                                 ///< what to write
  std::pair<std::int64_t, std::int64_t> accepted{1, 10000};  ///< what may stand there already
};

/// The cpu.weight with which the top slice gets `capacity` of `outside.machine` while everything
/// outside wants everything: capacity / (machine - capacity) times the weights outside, in
/// 100..10000; 10000 where nothing is kept back.
TopWeight top_slice_weight(Cores capacity, const Outside& outside);

}  // namespace weir
