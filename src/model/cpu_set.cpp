// SPDX-License-Identifier: Apache-2.0
#include "weir/model/cpu_set.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "weir/base/text.h"

namespace weir {
namespace {

constexpr int max_cpu = 8191;  // CONFIG_NR_CPUS of Debian's kernels

}  // namespace

Result<CpuSet> CpuSet::parse(std::string_view text) {
  const auto malformed = [&] {
    return fail(Errc::usage, fmt::format("'{}' is not a list of CPUs", printable(text)),
                "write CPUs as \"0-3,8\"");
  };
  CpuSet out;
  text = trim(text);
  if (text.size() > 64 * 1024) return malformed();
  for (const auto range : split(text, ',')) {
    const auto dash = range.find('-');
    const auto first = to_number<int>(range.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : to_number<int>(range.substr(dash + 1));
    if (!first || !last || *first < 0 || *first > *last || *last > max_cpu) return malformed();
    for (int cpu = *first; cpu <= *last; ++cpu) out.cpus_.push_back(cpu);
    if (out.cpus_.size() > 4 * (max_cpu + 1)) return malformed();
  }
  std::ranges::sort(out.cpus_);
  out.cpus_.erase(std::unique(out.cpus_.begin(), out.cpus_.end()), out.cpus_.end());
  return out;
}

std::string CpuSet::str() const {
  std::string out;
  for (std::size_t i = 0; i < cpus_.size();) {
    std::size_t last = i;
    while (last + 1 < cpus_.size() && cpus_[last + 1] == cpus_[last] + 1) ++last;
    if (!out.empty()) out += ',';
    out += last == i ? fmt::format("{}", cpus_[i]) : fmt::format("{}-{}", cpus_[i], cpus_[last]);
    i = last + 1;
  }
  return out;
}

bool CpuSet::contains(int cpu) const { return std::ranges::binary_search(cpus_, cpu); }

bool CpuSet::is_subset_of(const CpuSet& other) const {
  return std::ranges::includes(other.cpus_, cpus_);
}

CpuSet CpuSet::intersect(const CpuSet& other) const {
  CpuSet out;
  std::ranges::set_intersection(cpus_, other.cpus_, std::back_inserter(out.cpus_));
  return out;
}

}  // namespace weir
