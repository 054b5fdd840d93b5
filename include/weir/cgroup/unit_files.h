// SPDX-License-Identifier: Apache-2.0
// Unit files and drop-ins of others for the slices that are weir's pools.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct UnitFile {
  std::string path;
  std::vector<std::string> keys;  ///< limits that it sets and weir sets too, in the file's order
};

/// Below the folders of `root` (empty: this host) where an administrator or a package keeps units:
/// files and drop-ins of `top` ("weir.slice") and of the slices below it that set what weir sets.
/// systemd reads them again at every daemon-reload. What `systemctl set-property --runtime` left is
/// drift, and verify finds it.
std::vector<UnitFile> conflicting_unit_files(std::string_view top, const std::string& root = {});

}  // namespace weir
