// SPDX-License-Identifier: Apache-2.0
// Round-robin pools of the configuration take their turns.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "weir/cgroup/folder_watch.h"
#include "weir/runtime/agent_part.h"

#include "agent/pool_turns.h"

namespace weir {

class TurnsPart final : public AgentPart {
 public:
  [[nodiscard]] std::string_view name() const override { return "turns"; }
  Status configure(Session& session, AgentLoop& loop) override;
  Status on_ready(int fd, AgentTime now) override;
  Result<std::optional<AgentTime>> on_tick(AgentTime now) override;
  Status stop() override;

 private:
  struct Rotating {
    std::size_t pool;  ///< index into the tree
    PoolTurns turns;
    /// Something may have changed by then; the beginning of time: it has.
    std::optional<AgentTime> look_again = AgentTime{};
    std::chrono::milliseconds nap{};  ///< between two looks at what is not complete
  };

  Status step(Rotating& rotating, AgentTime now);

  Session* session_ = nullptr;
  AgentLoop* loop_ = nullptr;
  std::optional<FolderWatch> folders_;
  std::vector<Rotating> pools_;
};

}  // namespace weir
