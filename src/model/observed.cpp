// SPDX-License-Identifier: Apache-2.0
#include "weir/model/observed.h"

#include <algorithm>

namespace weir {

const ObservedCgroup* ObservedTree::find(const CgroupPath& path) const {
  const auto at = std::ranges::find(cgroups, path, &ObservedCgroup::path);
  return at == cgroups.end() ? nullptr : &*at;
}

}  // namespace weir
