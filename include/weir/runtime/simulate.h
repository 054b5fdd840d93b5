// SPDX-License-Identifier: Apache-2.0
// `weir simulate`: a trace from a file, on the pools of a configuration or on a single one.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/units.h"
#include "weir/policy/sim_report.h"
#include "weir/runtime/session.h"

namespace weir {

struct SimRequest {
  std::string trace;  ///< file
  std::vector<SimPolicy> policies;
  std::optional<Cores> cpus;                       ///< absent: what this host has for pools
  std::optional<Bytes> memory;                     ///< absent: the same
  std::optional<std::chrono::milliseconds> slice;  ///< absent: the pool's slice_time
  bool use_config = false;                         ///< pools from Options::config, else one
};

struct Simulation {
  Trace trace;
  SimHost host;
  std::vector<std::string> warnings;  ///< rendered
  std::vector<SimOutcome> outcomes;   ///< one a policy, in the order they were asked for
  std::vector<SimReport> reports;     ///< the same
};

/// What is being done ("fifo") and the part that is done, 0 to 1.
using SimWatcher = std::function<void(std::string_view, double)>;

/// Touches no cgroup. Errc::failed with "FILE:LINE: reason" for a bad trace.
Result<Simulation> run_simulation(const Options& options, const SimRequest& request,
                                  const SimWatcher& watcher = {});

/// "fair,fifo": each once. Errc::usage with the nearest name for what is none.
Result<std::vector<SimPolicy>> parse_sim_policies(std::string_view list);

/// The policies that a pool can have, in the order of weir.toml(5).
std::vector<SimPolicy> usual_sim_policies();

/// "fair, drf, …", for messages.
std::string sim_policy_names();

}  // namespace weir
