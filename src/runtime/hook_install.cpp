// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/hook_install.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>

#include "weir/cgroup/config_writer.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/hook_process.h"
#include "weir/model/json_cursor.h"

namespace weir {
namespace {

/// precreate places, poststop gives back; the third is the second line.
constexpr std::array<std::string_view, 3> stages{"precreate", "poststop", "createRuntime"};

std::string file_of(const std::string& dir, std::string_view stage) {
  return fmt::format("{}/weir-{}.json", dir, stage);
}

/// Longer than the hook ever takes, so that podman never kills it half-way.
std::int64_t timeout_s(const HookSpec& spec) {
  constexpr std::int64_t beyond = 5, ms = 1000;
  return (spec.max_wait.count() + ms - 1) / ms + beyond;
}

std::string hook_text(const HookInstallation& installation, std::string_view stage) {
  auto args = fmt::format("\"weir-hook\", \"{}\"", stage);
  if (installation.run_dir != "/run/weir")
    args += fmt::format(", \"--run-dir\", {}", json_quoted(installation.run_dir));
  if (installation.spec.on_error == OnError::closed) args += ", \"--on-error\", \"closed\"";
  return fmt::format(R"({{
  "version": "1.0.0",
  "hook": {{
    "path": {},
    "args": [{}],
    "timeout": {}
  }},
  "when": {{ "always": true }},
  "stages": ["{}"]
}}
)",
                     json_quoted(installation.program), args, timeout_s(installation.spec), stage);
}

}  // namespace

std::vector<HookFile> podman_hook_files(const HookInstallation& installation) {
  std::vector<HookFile> out;
  for (const auto stage : stages)
    if (stage != stages.back() || installation.second_line)
      out.push_back({file_of(installation.dir, stage), hook_text(installation, stage)});
  return out;
}

Result<std::vector<std::string>> install_podman_hooks(const HookInstallation& installation) {
  if (!find_program({installation.program}))
    return fail(Errc::not_found, fmt::format("{} is not there", installation.program),
                "install weir completely: `meson install -C build`");
  WEIR_CHECK(make_folders(installation.dir));
  std::vector<std::string> written;
  for (const auto& file : podman_hook_files(installation)) {
    WEIR_CHECK(replace_file(file.path, file.text, 0644));
    written.push_back(file.path);
  }
  const auto second = file_of(installation.dir, stages.back());
  if (!installation.second_line && file_exists(second)) WEIR_CHECK(remove_config(second));
  return written;
}

Result<std::vector<std::string>> uninstall_podman_hooks(const std::string& dir) {
  std::vector<std::string> removed;
  for (const auto stage : stages) {
    const auto path = file_of(dir, stage);
    if (!file_exists(path)) continue;
    WEIR_CHECK(remove_config(path));
    removed.push_back(path);
  }
  return removed;
}

}  // namespace weir
