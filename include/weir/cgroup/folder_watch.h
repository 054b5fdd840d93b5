// SPDX-License-Identifier: Apache-2.0
// Something was made, removed or replaced in a folder: inotify(7), which works on cgroup2, too.
#pragma once

#include <string>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

class FolderWatch {
 public:
  static Result<FolderWatch> open();

  /// Files and folders right in `path`. ENOENT in Error::sys where there is no such folder.
  Status add(const std::string& path);
  /// Whether there was news since the last call. What it was, a look at the folder tells better:
  /// events can be lost, and a look cannot be old.
  [[nodiscard]] bool take_news();
  [[nodiscard]] int descriptor() const { return fd_.get(); }

 private:
  explicit FolderWatch(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace weir
