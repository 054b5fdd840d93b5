// SPDX-License-Identifier: Apache-2.0
// The agent's eye on demand: dynamic allocation, drift, and the metrics file.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/base/unique_fd.h"
#include "weir/cgroup/usage_watcher.h"
#include "weir/runtime/agent_part.h"
#include "weir/runtime/dynamic.h"

namespace weir {

class DynamicPart final : public AgentPart {
 public:
  DynamicPart(std::chrono::milliseconds interval, std::optional<std::string> metrics_file)
      : interval_(interval), metrics_file_(std::move(metrics_file)) {}
  ~DynamicPart() override;

  [[nodiscard]] std::string_view name() const override { return "dynamic"; }
  Status configure(Session& session, AgentLoop& loop) override;
  /// A pool is short of memory: no need to wait for the next look.
  Status on_ready(int fd, AgentTime now) override;
  Result<std::optional<AgentTime>> on_tick(AgentTime now) override;
  Status stop() override;

 private:
  Status look(AgentTime now);
  Status act(double time);
  Status repair_drift();
  Status write_metrics();
  void arm_triggers();
  void disarm_triggers();

  std::chrono::milliseconds interval_;
  std::optional<std::string> metrics_file_;
  Session* session_ = nullptr;
  AgentLoop* loop_ = nullptr;
  std::unique_ptr<UsageWatcher> watcher_;
  std::unique_ptr<DynamicAllocator> allocator_;
  std::map<std::size_t, UniqueFd> triggers_;  // by pool
  AgentTime last_{}, next_{}, next_repair_{}, next_metrics_{};
};

}  // namespace weir
