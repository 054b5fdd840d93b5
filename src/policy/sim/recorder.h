// SPDX-License-Identifier: Apache-2.0
// A quantity over a time whose end is not known in advance, in bounded memory.
#pragma once

#include <vector>

#include "weir/policy/simulate.h"

namespace weir::sim {

/// Integrates a step function into equal intervals; when they run out, neighbours are merged and
/// the interval doubles. Amortised O(1) a step.
class Recorder {
 public:
  /// The quantity was `value` from `begin` to `end`; steps follow each other.
  void add(double begin, double end, double value);
  /// Means up to `end`.
  [[nodiscard]] Curve curve(double end) const;

 private:
  void widen();
  static constexpr std::size_t most = 512;
  double interval_ = 1e-3;
  std::vector<double> sums_;
};

}  // namespace weir::sim
