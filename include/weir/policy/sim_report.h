// SPDX-License-Identifier: Apache-2.0
// The figures of a simulation, as `weir simulate` shows them.
#pragma once

#include <string>
#include <vector>

#include "weir/policy/simulate.h"

namespace weir {

struct Spread {
  double mean = 0, p50 = 0, p95 = 0, p99 = 0;
};

/// Over the jobs that ended; all 0 where none did.
struct SimFigures {
  std::size_t jobs = 0;     ///< that ended
  std::size_t refused = 0;  ///< that did not: they can never fit
  Spread response;          ///< seconds from arrival to end
  Spread slowdown;          ///< response / time alone on its threads
  Spread wait;              ///< seconds from arrival to first running
  double throughput = 0;    ///< jobs ended a second
  double utilisation = 0;   ///< part of the capacity that was used until the end
};

struct SimReport {
  struct Pool : SimFigures {
    std::string pool;
    double unserved = 0;  ///< core-seconds of recorded demand that were not served
  };
  SimPolicy policy = SimPolicy::fair;
  SimFigures all;
  std::vector<Pool> pools;  ///< those that hold jobs or demand
  /// Jain's index of the speed (1 / slowdown) that jobs got: 1 when all got the same.
  double jain = 0;
  std::uint64_t reservations_broken = 0, moves = 0, switches = 0;
};

SimReport summarise(const Trace& trace, const SimHost& host, const SimOutcome& outcome);

/// Smallest value that at least `part` (0 to 1) of `values` do not exceed; 0 for none. Reorders.
double percentile(std::vector<double>& values, double part);

}  // namespace weir
