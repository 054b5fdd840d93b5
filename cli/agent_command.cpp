// SPDX-License-Identifier: Apache-2.0
// agent: stays until it is told to stop.
#include <cstdio>
#include <fmt/format.h>

#include "weir/runtime/agent.h"

#include "commands.h"
#include "report.h"

namespace weir::cli {

Result<int> agent_command(const Arguments& args) {
  AgentOptions options;
  options.options = args.options;
  options.metrics_file = args.agent.metrics_file;
  options.say = [](std::string_view line) { fmt::print(stderr, "weir agent: {}\n", line); };
  if (args.agent.interval) {
    auto interval = parse_duration(*args.agent.interval);
    if (!interval) return tl::unexpected(std::move(interval).error().with("agent: --interval"));
    if (*interval < shortest_agent_interval)
      return fail(Errc::usage, "agent: --interval: less than 100ms would cost more than it gives");
    options.interval = *interval;
  }
  WEIR_CHECK(run_agent(options));
  return 0;
}

}  // namespace weir::cli
