// SPDX-License-Identifier: Apache-2.0
// Ordinary files, read with bounds and with distrust.
#pragma once

#include <string>
#include <vector>

#include "weir/base/result.h"
#include "weir/model/config.h"

namespace weir {

/// A small file of /proc or /sys. ENOENT and friends come back in Error::sys.
Result<std::string> read_small_file(const std::string& path, std::size_t at_most = 1 << 20);

/// The same of a regular file, and of one that the kernel makes in one piece, as it does most of
/// /proc/PID (seq_file, single_open): a read that leaves room in the buffer has had all of it.
Result<std::string> read_single_file(const std::string& path, std::size_t at_most = 1 << 20);

/// Whether there is anything at `path`.
[[nodiscard]] bool file_exists(const std::string& path);

/// Names of the folders in `path`, sorted; none where it cannot be listed.
[[nodiscard]] std::vector<std::string> folders_in(const std::string& path);
/// The same of files, links included.
[[nodiscard]] std::vector<std::string> files_in(const std::string& path);

/// Who may write a file that weir trusts.
enum class Trust {
  owner_only,  ///< root's (when weir runs as root: sudo's rule) and writable by nobody else
  any,
};

/// A configuration file: regular, at most 1 MiB, not a FIFO or device (which would hang), and
/// trusted. Errors are Errc::config.
Result<SourceFile> read_config_file(const std::string& path, Trust trust);

/// `main_file`, then every *.toml of the folder weir.d beside it in name order.
Result<std::vector<SourceFile>> read_config_files(const std::string& main_file, Trust trust);

/// Writes `text` to `path` so that a reader sees the old file or the new one, never a half
/// (rename(2)).
Status replace_file(const std::string& path, const std::string& text, unsigned mode);

}  // namespace weir
