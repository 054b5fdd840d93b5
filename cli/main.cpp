// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "arguments.h"
#include "commands.h"
#include "rebalance_command.h"
#include "report.h"

namespace weir::cli {
namespace {

struct Command {
  std::string_view name;
  Result<int> (*function)(const Arguments&);
};

constexpr std::array commands{
    Command{"init", init_command},
    Command{"host", host_command},
    Command{"check", check_command},
    Command{"plan", plan_command},
    Command{"apply", apply_command},
    Command{"verify", verify_command},
    Command{"teardown", teardown_command},
    Command{"pool list", pool_list_command},
    Command{"pool show", pool_show_command},
    Command{"pool path", pool_path_command},
    Command{"pool create", pool_create_command},
    Command{"pool set", pool_set_command},
    Command{"pool remove", pool_remove_command},
    Command{"place", place_command},
    Command{"release", release_command},
    Command{"move", move_command},
    Command{"explain", explain_command},
    Command{"doctor", doctor_command},
    Command{"ps", ps_command},
    Command{"status", status_command},
    Command{"metrics", metrics_command},
    Command{"top", top_command},
    Command{"rebalance", rebalance_command},
    Command{"queue", queue_command},
    Command{"queue cancel", queue_cancel_command},
    Command{"agent", agent_command},
    Command{"simulate", simulate_command},
    Command{"hook precreate", hook_stage_command},
    Command{"hook prestart", hook_stage_command},
    Command{"hook createRuntime", hook_stage_command},
    Command{"hook poststart", hook_stage_command},
    Command{"hook poststop", hook_stage_command},
    Command{"hook install", hook_install_command},
    Command{"hook uninstall", hook_uninstall_command},
    Command{"completion", completion_command},
    Command{"__complete", complete_command},
};

int dispatch(const Arguments& args) {
  if (args.command == "run") return run_command(args);
  for (const auto& command : commands) {
    if (command.name != args.command) continue;
    auto done = command.function(args);
    return done ? *done : report_error(done.error(), args);
  }
  Error unknown;
  unknown.code = Errc::usage;
  unknown.message = "no such command: " + args.command;
  return report_error(unknown, args);
}

}  // namespace
}  // namespace weir::cli

int main(int argc, char** argv) {
  const auto parsed = weir::cli::parse_arguments(argc, argv);
  if (parsed.exit_now) return *parsed.exit_now;
  const int status = weir::cli::dispatch(parsed.arguments);
  // A full disk or a closed pipe must not look like success.
  const bool is_written = std::fflush(stdout) == 0;
  const int shown = is_written || status != 0 ? status : 1;
#ifdef __SANITIZE_ADDRESS__
  return shown;  // leaks are looked for on the way out
#else
  // What is left is memory, and the kernel takes it back faster than destructors do.
  std::_Exit(shown);
#endif
}
