// SPDX-License-Identifier: Apache-2.0
#include "sim/recorder.h"

#include <algorithm>
#include <cmath>

namespace weir::sim {

void Recorder::add(double begin, double end, double value) {
  if (end <= begin) return;
  while (end > interval_ * most) widen();
  auto bin = static_cast<std::size_t>(begin / interval_);
  while (begin < end && bin < most) {
    const double edge = std::min(end, static_cast<double>(bin + 1) * interval_);
    if (bin >= sums_.size()) sums_.resize(bin + 1);
    sums_[bin] += value * std::max(0.0, edge - begin);
    begin = edge;
    ++bin;
  }
}

void Recorder::widen() {
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const double both = sums_[i] + (i + 1 < sums_.size() && i % 2 == 0 ? sums_[i + 1] : 0);
    if (i % 2 == 0) sums_[i / 2] = both;
  }
  sums_.resize((sums_.size() + 1) / 2);
  interval_ *= 2;
}

Curve Recorder::curve(double end) const {
  Curve curve{interval_, sums_};
  curve.values.resize(std::min(most, static_cast<std::size_t>(std::ceil(end / interval_))));
  for (auto& value : curve.values) value /= interval_;
  // The last interval is cut short by the end.
  const double last =
      end - interval_ * static_cast<double>(std::max<std::size_t>(1, curve.values.size()) - 1);
  if (!curve.values.empty() && last > 0 && last < interval_)
    curve.values.back() *= interval_ / last;
  return curve;
}

}  // namespace weir::sim
