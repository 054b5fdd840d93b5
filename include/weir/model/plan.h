// SPDX-License-Identifier: Apache-2.0
// A plan: the changes that make the kernel match, in the order in which they are safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/model/names.h"

namespace weir {

/// A change's place in the order (architecture.md 2).
enum class Phase { create, enable, raise, migrate, lower, remove };
enum class Op { make, write, migrate, remove };
std::string_view to_text(Phase phase);
std::string_view to_text(Op op);

struct Change {
  Phase phase = Phase::create;
  Op op = Op::make;
  CgroupPath cgroup;
  std::string file;                 ///< op write only
  std::optional<std::string> from;  ///< what the kernel had; absent where the cgroup did not exist
  std::string to;                   ///< op write only
  std::string record;               ///< op make only: the attribute that marks the cgroup as weir's
  auto operator<=>(const Change&) const = default;
};

/// A change that must not be made now.
struct Blocked {
  CgroupPath cgroup;
  std::string file;
  std::string to;
  std::string reason;
  /// Nothing at all may be done before it is resolved: a pool with containers would be removed.
  bool conflict = false;
  auto operator<=>(const Blocked&) const = default;
};

struct Plan {
  std::vector<Change> changes;
  std::vector<Blocked> blocked;
  [[nodiscard]] bool empty() const { return changes.empty() && blocked.empty(); }
  /// The first entry of `blocked` that forbids the whole plan, or nothing.
  [[nodiscard]] const Blocked* conflict() const;
};

}  // namespace weir
