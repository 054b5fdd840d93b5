// SPDX-License-Identifier: Apache-2.0
// A set of CPU numbers, read and written as the kernel's lists ("0-3,8").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"

namespace weir {

class CpuSet {
 public:
  CpuSet() = default;
  /// "0-3,8,10-11"; numbers below 8192, ranges ascending. Empty text is the empty set.
  static Result<CpuSet> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  [[nodiscard]] std::size_t size() const noexcept { return cpus_.size(); }
  [[nodiscard]] bool empty() const noexcept { return cpus_.empty(); }
  [[nodiscard]] bool contains(int cpu) const;
  [[nodiscard]] bool is_subset_of(const CpuSet& other) const;
  [[nodiscard]] CpuSet intersect(const CpuSet& other) const;
  [[nodiscard]] const std::vector<int>& cpus() const noexcept { return cpus_; }
  auto operator<=>(const CpuSet&) const = default;

 private:
  std::vector<int> cpus_;  // ascending, no duplicates
};

}  // namespace weir
