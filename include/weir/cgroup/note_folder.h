// SPDX-License-Identifier: Apache-2.0
// Small files in one folder of the run directory: what has no cgroup yet. Whoever changes them
// holds the books.
#pragma once

#include <string>
#include <vector>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

class NoteFolder {
 public:
  NoteFolder(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  /// Names of the files, sorted; half-written ones are left out.
  [[nodiscard]] Result<std::vector<std::string>> names() const;
  /// At most 16 KiB. ENOENT where it is gone.
  [[nodiscard]] Result<std::string> read(const std::string& name) const;
  /// The same, of a file of this name that is open and was not read yet.
  [[nodiscard]] Result<std::string> read(const UniqueFd& fd, const std::string& name) const;
  /// A reader sees the old text, none, or the new one, never a half.
  Status write(const std::string& name, const std::string& text) const;
  /// Succeeds where it is gone.
  Status remove(const std::string& name) const;

  [[nodiscard]] const UniqueFd& directory() const { return fd_; }

 private:
  UniqueFd fd_;
  std::string name_;
};

}  // namespace weir
