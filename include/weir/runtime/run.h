// SPDX-License-Identifier: Apache-2.0
// `weir run`: a command as a container, born in its pool.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "weir/cgroup/spawn.h"
#include "weir/model/record.h"
#include "weir/runtime/session.h"

namespace weir {

/// What a user asks for; absent values come from the pool's [container] table.
struct RunRequest {
  std::string pool;
  std::optional<ContainerName> name;  ///< absent: run-PID-XXXX
  Command command;  ///< its signal mask, and a pool's filter, are filled in by run()
  std::optional<Cores> cpu_limit, cpu_request;
  std::optional<Bytes> memory_limit, memory_request, swap_limit;
  std::int64_t priority = 0;
  std::optional<double> value;
  std::optional<std::chrono::milliseconds> work;
  /// Absent: the pool's. The command's filter is made of it by whoever read the flag.
  std::optional<std::string> seccomp;
  bool leave = false;  ///< keeps what the command left running in the container
  /// How long it waits for room: nothing, for ever; absent: not at all.
  std::optional<std::optional<std::chrono::milliseconds>> wait;
  /// Told its place in the queue and why it waits, when that begins, when the place changes, and 0
  /// when it is over; `often` asks for changes within a second.
  std::function<void(std::size_t position, const std::string& reason)> tell_place =
      [](std::size_t, const std::string&) {};
  bool often = false;
};

/// As a shell reports them.
inline constexpr int command_not_executable = 126, command_not_found = 127;

struct RunOutcome {
  int status = 0;                   ///< as a shell reports it: exit code, 128 + signal, 126, 127
  std::optional<Error> exec_error;  ///< why the command could not be executed
  std::optional<Error> cleanup;     ///< the command ended, its cgroup could not be removed
};

/// Runs the command in the foreground and returns when it has ended and its cgroup is gone. An
/// error means that the command was never started.
Result<RunOutcome> run(Session& session, RunRequest request);

}  // namespace weir
