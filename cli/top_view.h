// SPDX-License-Identifier: Apache-2.0
// The lines of `weir top`, without a terminal.
#pragma once

#include <string>
#include <vector>

#include "weir/runtime/status.h"

namespace weir::cli {

enum class TopOrder { name, cpu, memory, pressure };

struct TopView {
  std::vector<std::string> head;        ///< what is always shown
  std::vector<std::string> pools;       ///< a heading first
  std::vector<std::string> containers;  ///< a heading first; the order is the one asked for
};

/// Pools stand in their tree; containers by name, or the largest first.
TopView top_view(const PoolTree& tree, const HostStatus& status, TopOrder order);

}  // namespace weir::cli
