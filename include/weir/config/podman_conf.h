// SPDX-License-Identifier: Apache-2.0
// The little that weir wants to know of podman's own configuration, containers.conf(5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// `hooks_dir` of the section [engine]: where podman looks for hooks. Nothing where the file does
/// not say, or is none.
std::optional<std::vector<std::string>> podman_hook_dirs(std::string_view containers_conf);

}  // namespace weir
