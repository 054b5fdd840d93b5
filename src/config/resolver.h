// SPDX-License-Identifier: Apache-2.0
// Parts of resolve_pools that do not need each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/model/pool.h"

#include "report.h"

namespace weir::config {

std::string amount_text(Cores cores);  ///< "1.5 cores"
std::string amount_text(Bytes bytes);  ///< "4GiB"
std::string amount_text(Tasks tasks);  ///< "4096 processes"

/// What the pools below one parent may reserve together of one resource.
template <class T>
struct Budget {
  T most{};
  std::string parent;    ///< empty: the top, where `most` is the host's capacity
  bool unknown = false;  ///< the parent's amounts could not be read: nothing is checked
  T sum{};
  bool exceeded = false;

  /// Books `amount`, or reports why it does not fit. The first that overflows the sum is reported;
  /// those behind it would only repeat that.
  void charge(T amount, SourcePos at, std::string_view key, Report& report);
};

/// Reports reservations of pools that share one set of CPUs and are more than those CPUs.
void check_cpu_sets(const PoolTree& tree, Report& report);

}  // namespace weir::config
