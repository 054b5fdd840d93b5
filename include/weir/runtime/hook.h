// SPDX-License-Identifier: Apache-2.0
// What weir-hook and weir-runtime do for each container that a runtime starts: find its pool, ask
// the books, and say where its cgroup is to be. Everything is read from what `apply` prepared.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/cgroup/hook_process.h"
#include "weir/cgroup/io.h"
#include "weir/cgroup/run_dir.h"
#include "weir/policy/placement.h"

namespace weir {

/// A hook's own work may take this long, waiting for room not counted.
inline constexpr std::chrono::milliseconds hook_patience{2000};
/// A container with this annotation is refused with its value in the line: how doctor sees that
/// the hook is called.
inline constexpr std::string_view probe_annotation = "io.weir.probe";

enum class HookStage { precreate, prestart, create_runtime, poststart, poststop };
/// "createRuntime".
std::string_view to_text(HookStage stage);
std::optional<HookStage> hook_stage_named(std::string_view text);

/// How a hook ends.
struct HookReply {
  int status = 0;
  std::string output;  ///< for stdout
  std::string line;    ///< for stderr; empty: nothing to say
};

struct HookOptions {
  std::string run_dir = "/run/weir";
  OnError on_error = OnError::open;  ///< where nothing else tells
};

/// One stage, from stdin to the reply. Never fails otherwise; may end the process by itself when
/// its time is over.
HookReply run_hook(HookStage stage, const HookOptions& options);

/// Where a runtime's wrapper is to look and what it hands over to.
struct RuntimeCall {
  std::optional<std::string> pool;  ///< --pool
  std::vector<std::string> argv;    ///< for the real runtime, its name included, without --pool
  std::string command;              ///< "create"; empty: none
  std::string bundle = ".";         ///< of create and run
  std::string config = "config.json";
  std::string id;                  ///< the container's; may be empty
  bool systemd_cgroup = false;     ///< the runtime asks systemd for cgroups
  std::optional<std::string> log;  ///< --log: where callers look for the reason of a failure
  bool log_is_json = false;
};
/// The command line of runc and crun. Errc::usage for a --pool without a name.
Result<RuntimeCall> parse_runtime_call(const std::vector<std::string>& argv);

/// Rewrites the bundle's config.json where the call makes a container, then becomes the real
/// runtime. Returns only when it does not: the exit status, with the reason told.
int run_runtime(const RuntimeCall& call, const HookOptions& options);

/// On whose behalf a container is asked for.
struct HookAsker {
  ProcessIdentity holder;            ///< when it has ended and there is no cgroup, nothing is owed
  std::optional<CgroupPath> inside;  ///< the caller's own cgroup
};

/// Books the container. Waits for room as long as the placement says. Errc::failed is weir's own
/// trouble, every other code a refusal.
Status book_container(CgroupIo& io, const HookRules& rules, const RunDir& run_dir,
                      const Placement& placement, const HookAsker& asker, Deadline& deadline);

}  // namespace weir
