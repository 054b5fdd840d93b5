// SPDX-License-Identifier: Apache-2.0
// Which pool a runtime's container comes into, and what it asks for there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/model/hook_rules.h"
#include "weir/model/oci.h"
#include "weir/model/record.h"

namespace weir {

/// On whose behalf the runtime works.
struct HookCaller {
  std::uint32_t uid = 0;
  std::vector<std::uint32_t> groups;
};

struct Placement {
  std::size_t pool = 0;  ///< index into the tree
  ContainerRecord record;
  std::string cgroups_path;  ///< what linux.cgroupsPath must be
  CgroupPath cgroup;         ///< where the runtime will make the container's cgroup
  OciLimits added;           ///< limits the pool demands and config.json does not have
  std::chrono::milliseconds wait{0};
};

/// Shell pattern over a whole path: * any text, ? one character, [ab] [a-c] [!a]. A '/' is like any
/// other character: "/ci*" is everything whose path begins so.
bool matches_pattern(std::string_view text, std::string_view pattern);

/// The pool for this container, by the rules alone: the one it stands in already, the first whose
/// `match` fits, the one it asks for by annotation, the default. Nothing: it is left alone.
/// Errc::not_found or Errc::usage where it asks for a pool that cannot hold it.
Result<std::optional<std::size_t>> choose_pool(const HookRules& rules, const OciConfig& config,
                                               const CgroupsPath& path);

/// The whole answer for a container that comes into `pool`. Errc::denied where the caller may not
/// enter or it asks for more than it may; Errc::usage where what it asks for is malformed.
Result<Placement> place_in(const HookRules& rules, std::size_t pool, const OciConfig& config,
                           const CgroupsPath& path, const HookCaller& caller);

}  // namespace weir
