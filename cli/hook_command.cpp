// SPDX-License-Identifier: Apache-2.0
// hook: the stages, and installing them for a runtime.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/hook_install.h"

#include "commands.h"
#include "hook_entry.h"
#include "json.h"
#include "report.h"

namespace weir::cli {
namespace {

Status check_runtime(const std::string& runtime) {
  if (runtime == "podman") return {};
  return fail(Errc::usage, fmt::format("hook: '{}' has no hooks of its own", runtime),
              "podman has; docker, containerd and others use weir-runtime (docs/runtimes.md)");
}

std::string folder_of(const Arguments& args) {
  return args.folder.value_or(std::string{podman_hook_dir});
}

void print_files(const Arguments& args, std::string_view key, std::string_view done,
                 const std::vector<std::string>& files) {
  if (args.json) {
    print_json({{key, files}});
    return;
  }
  for (const auto& file : files) note(args, fmt::format("{} {}", done, file));
}

}  // namespace

Result<int> hook_stage_command(const Arguments& args) {
  const auto stage = hook_stage_named(args.command.substr(args.command.find(' ') + 1));
  if (!stage) return fail(Errc::usage, "hook: no such stage");
  HookOptions options;
  options.run_dir = args.options.run_dir;
  return answer_hook(*stage, options);
}

Result<int> hook_install_command(const Arguments& args) {
  WEIR_CHECK(check_runtime(args.word.value_or("")));
  WEIR_TRY(const auto loaded, load(args.options));
  if (loaded.has_errors())
    return fail(Errc::config, "the configuration has mistakes", "`weir check` shows them");
  HookInstallation installation;
  installation.dir = folder_of(args);
  installation.program = WEIR_HOOK_PROGRAM;
  installation.run_dir = args.options.run_dir;
  installation.spec = loaded.config.hook;
  installation.second_line = args.second_line;
  WEIR_TRY(const auto files, install_podman_hooks(installation));
  print_files(args, "installed", "wrote", files);
  return 0;
}

Result<int> hook_uninstall_command(const Arguments& args) {
  WEIR_CHECK(check_runtime(args.word.value_or("")));
  WEIR_TRY(const auto files, uninstall_podman_hooks(folder_of(args)));
  print_files(args, "removed", "removed", files);
  if (files.empty()) note(args, fmt::format("no hooks of weir in {}", folder_of(args)));
  return 0;
}

}  // namespace weir::cli
