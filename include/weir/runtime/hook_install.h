// SPDX-License-Identifier: Apache-2.0
// `weir hook install podman`: the files by which podman knows its hooks (oci-hooks(5)).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "weir/model/config.h"

namespace weir {

inline constexpr std::string_view podman_hook_dir = "/usr/share/containers/oci/hooks.d";

struct HookInstallation {
  std::string dir{podman_hook_dir};
  std::string program;  ///< absolute path of weir-hook
  std::string run_dir = "/run/weir";
  HookSpec spec;             ///< [hook] of weir.toml
  bool second_line = false;  ///< also createRuntime
};

struct HookFile {
  std::string path;
  std::string text;
};
/// What would be written.
std::vector<HookFile> podman_hook_files(const HookInstallation& installation);

/// Writes them, the folder included, and removes what an earlier installation had more. Returns the
/// paths. Errc::not_found where there is no such program: podman would then start nothing at all.
Result<std::vector<std::string>> install_podman_hooks(const HookInstallation& installation);

/// Removes weir's files from the folder; those that are not there are no error. Returns the paths
/// of those that were.
Result<std::vector<std::string>> uninstall_podman_hooks(const std::string& dir);

}  // namespace weir
