// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/count_in.h"

#include "weir/model/kernel_text.h"

namespace weir {

std::optional<std::int64_t> count_in(CgroupIo& io, const CgroupPath& cgroup,
                                     std::string_view file) {
  const auto text = io.read(cgroup, file);
  if (!text) return std::nullopt;
  const auto count = parse_count(*text);
  return count ? std::optional{*count} : std::nullopt;
}

}  // namespace weir
