// SPDX-License-Identifier: Apache-2.0
// Which file keeps a controller from a cgroup, and whose unit would have to ask for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct ControllerGap {
  std::string file;  ///< the cgroup.subtree_control that does not hand the controller on
  /// systemd's unit just below that file; empty where there is none of that kind.
  std::string unit;
  bool in_user_manager = false;  ///< it is a unit of a user's own systemd (user@UID.service)
};

/// Where `controller` gets lost between the mount and `root`; nothing where it is already missing
/// at the top, or not missing.
std::optional<ControllerGap> find_gap(const std::string& root, std::string_view controller);

/// "foo.service", "bar.scope", "baz.slice".
[[nodiscard]] bool is_unit_name(std::string_view component);

}  // namespace weir
