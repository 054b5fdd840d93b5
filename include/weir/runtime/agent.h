// SPDX-License-Identifier: Apache-2.0
// `weir agent`: the part of weir that goes on running.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "weir/runtime/session.h"

namespace weir {

inline constexpr std::chrono::milliseconds default_agent_interval{2000};
inline constexpr std::chrono::milliseconds shortest_agent_interval{100};

struct AgentOptions {
  Options options;
  std::chrono::milliseconds interval = default_agent_interval;  ///< between two observations
  std::optional<std::string> metrics_file;
  /// Takes each line that is for the administrator, without its line end.
  std::function<void(std::string_view)> say = [](std::string_view) {};
};

/// Runs until SIGTERM or SIGINT; SIGHUP and a change of the configuration files make it read them
/// again. Errc::conflict where another agent runs. When it returns nothing of its doing stands
/// still any more.
Status run_agent(const AgentOptions& options);

}  // namespace weir
