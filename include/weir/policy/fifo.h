// SPDX-License-Identifier: Apache-2.0
// First come, first served (docs/allocator.md 8).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "weir/policy/resources.h"

namespace weir {

/// One that waits, in order of arrival.
struct FifoJob {
  Resources request;
  std::optional<double> run_time{};  ///< seconds it declares to run, if it does
};

/// One that runs, and when it will have ended by its own account.
struct FifoRunning {
  Resources request;
  std::optional<double> ends_in{};  ///< seconds from now
};

enum class Backfill { no, yes };

/// Which of `waiting` start now, as ascending indices. Without backfill the first that does not fit
/// blocks all behind it. With it a later job may start if it fits; where run times are declared,
/// only if it delays the head's earliest start in no way (EASY: Lifka 1995).
std::vector<std::size_t> admit_fifo(std::span<const FifoJob> waiting,
                                    std::span<const FifoRunning> running, Resources free,
                                    Backfill backfill);

}  // namespace weir
