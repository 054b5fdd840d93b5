// SPDX-License-Identifier: Apache-2.0
// Containers that a runtime made in a pool by --cgroup-parent, at once.
#pragma once

#include <optional>

#include "weir/cgroup/folder_watch.h"
#include "weir/runtime/agent_part.h"

namespace weir {

/// Watches the slices of the pools. What appears there without a record is looked at until a
/// process has come in and it is a container, or it is gone.
class AdoptionPart final : public AgentPart {
 public:
  [[nodiscard]] std::string_view name() const override { return "adoption"; }
  Status configure(Session& session, AgentLoop& loop) override;
  Status on_ready(int fd, AgentTime now) override;
  Result<std::optional<AgentTime>> on_tick(AgentTime now) override;

 private:
  Status watch_slices();
  [[nodiscard]] bool any_stranger() const;
  Status take_in();

  Session* session_ = nullptr;
  AgentLoop* loop_ = nullptr;
  std::optional<FolderWatch> slices_;
  std::optional<AgentTime> next_look_;
  std::size_t looks_ = 0;  ///< since the last news
};

}  // namespace weir
