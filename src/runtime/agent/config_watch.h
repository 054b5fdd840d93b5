// SPDX-License-Identifier: Apache-2.0
// Tells when the configuration files have changed and have come to rest.
#pragma once

#include <optional>
#include <string>

#include "weir/cgroup/folder_watch.h"
#include "weir/runtime/agent_part.h"

namespace weir {

class ConfigWatch {
 public:
  /// `file` is the main one; weir.d beside it is watched, too, once it is there.
  static Result<ConfigWatch> open(std::string file);

  [[nodiscard]] int descriptor() const { return folders_.descriptor(); }
  /// Something happened in the folders: it is due when nothing more has for a moment.
  Status take_news(AgentTime now);
  [[nodiscard]] std::optional<AgentTime> due() const { return due_; }
  [[nodiscard]] bool is_due(AgentTime now) const { return due_ && now >= *due_; }
  /// The files are being read now.
  void settled() { due_.reset(); }

 private:
  ConfigWatch(std::string folder, FolderWatch folders)
      : folder_(std::move(folder)), folders_(std::move(folders)) {}
  Status add_folders();

  std::string folder_;
  FolderWatch folders_;
  std::optional<AgentTime> due_;
};

}  // namespace weir
