// SPDX-License-Identifier: Apache-2.0
// The command line, parsed: the only thing the commands see of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "weir/runtime/session.h"

namespace weir::cli {

enum class Color { automatic, always, never };

struct RunArguments {
  std::string pool;
  std::optional<std::string> name, user, chdir;
  std::optional<std::string> cpus, cpu_request, memory, memory_request, swap, work;
  std::string wait;  ///< empty: not; "forever", or a duration
  std::optional<double> value;
  std::int64_t priority = 0;
  std::optional<std::string> seccomp;  ///< absent: the pool's
  bool leave = false, die_with_parent = false;
  int refused_status = 125;
  std::vector<std::string> command;
};

struct AgentArguments {
  std::optional<std::string> interval, metrics_file;
};

struct SimulateArguments {
  std::string trace;
  std::optional<std::string> policies, cpus, memory, slice, page;
  bool jobs = false;
};

struct Arguments {
  Options options;
  bool config_given = false;  ///< by --config or $WEIR_CONFIG, not by default
  bool json = false, quiet = false;
  Color color = Color::automatic;

  std::string command;                ///< "pool list" for nested ones
  std::optional<std::string> file;    ///< check FILE
  std::optional<std::string> pool;    ///< pool show/path NAME, ps --pool
  std::optional<std::string> evict;   ///< apply --evict
  std::optional<std::string> word;    ///< completion SHELL, metrics --format
  std::optional<std::string> to;      ///< move --to
  std::uint64_t ticket = 0;           ///< queue cancel TICKET
  std::string name;                   ///< place --name, release and explain NAME
  std::vector<int> pids;              ///< place PID…
  std::vector<std::string> settings;  ///< pool create/set KEY=VALUE…
  std::optional<std::string> folder;  ///< hook install --dir
  bool second_line = false;           ///< hook install --second-line
  bool force = false, dry_run = false;
  bool exit_code = false, repair = false, kill = false, watch = false;
  RunArguments run;
  AgentArguments agent;
  SimulateArguments simulate;
};

struct Parsed {
  Arguments arguments;
  std::optional<int> exit_now;  ///< --help, --version and mistakes: everything is said already
};

/// Parses argv; prints help, version and mistakes of usage itself.
Parsed parse_arguments(int argc, const char* const* argv);

}  // namespace weir::cli
