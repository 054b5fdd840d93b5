// SPDX-License-Identifier: Apache-2.0
// Writing configuration files.
#pragma once

#include <string>

#include "weir/base/result.h"

namespace weir {

/// Writes a file that must not exist yet (Errc::conflict), and the folder it lies in.
Status write_new_config(const std::string& path, const std::string& text);

/// Replaces or makes a file, and the folder it lies in; readers see the old text or the new one.
Status write_config(const std::string& path, const std::string& text);

Status remove_config(const std::string& path);

/// Makes a folder and those above it, as far as they are missing.
Status make_folders(const std::string& path);

}  // namespace weir
