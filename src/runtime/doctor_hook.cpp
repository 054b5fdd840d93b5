// SPDX-License-Identifier: Apache-2.0
#include "doctor_hook.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/hook_process.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/run_program.h"
#include "weir/config/podman_conf.h"
#include "weir/runtime/hook.h"
#include "weir/runtime/hook_install.h"

namespace weir {
namespace {

/// Where podman looks when nobody says otherwise; the second overrides the first.
constexpr std::array hook_dirs{podman_hook_dir, std::string_view{"/etc/containers/oci/hooks.d"}};
/// Each replaces what an earlier one says (containers.conf(5)).
constexpr std::array settings{std::string_view{"/usr/share/containers/containers.conf"},
                              std::string_view{"/etc/containers/containers.conf"}};
constexpr std::string_view setting_folder = "/etc/containers/containers.conf.d";

/// A start of podman, and no longer: it begins to make a container, and is refused.
constexpr std::chrono::milliseconds podman_patience{60'000};

/// The last line that says something.
std::string last_line(std::string_view text) {
  std::string out;
  for (const auto line : split(text, '\n'))
    if (!trim(line).empty()) out = printable(trim(line), 200);
  return out.empty() ? "nothing" : out;
}

/// The program that a hook file names; empty where it names none.
std::string program_in(std::string_view text) {
  constexpr std::string_view key = "\"path\": \"";
  const auto at = text.find(key);
  if (at == std::string_view::npos) return {};
  const auto rest = text.substr(at + key.size());
  return std::string{rest.substr(0, rest.find('"'))};
}

struct Setting {
  std::string file;
  std::vector<std::string> dirs;
};

/// What says where podman looks for hooks, where anything does.
std::optional<Setting> hook_dir_setting() {
  std::vector<std::string> files(settings.begin(), settings.end());
  for (const auto& name : files_in(std::string{setting_folder}))
    if (name.ends_with(".conf")) files.push_back(fmt::format("{}/{}", setting_folder, name));
  std::optional<Setting> out;
  for (const auto& file : files) {
    const auto text = read_small_file(file);
    auto dirs = text ? podman_hook_dirs(*text) : std::nullopt;
    if (dirs) out = Setting{file, std::move(*dirs)};
  }
  return out;
}

class HookCheck {
 public:
  HookCheck(const Options& options, const HookSpec& spec, std::string install)
      : options_(options), spec_(spec), install_(std::move(install)) {}

  std::vector<Finding> run() {
    for (const auto dir : hook_dirs) look_at(std::string{dir});
    return std::move(out_);
  }

 private:
  void look_at(const std::string& dir) {
    HookInstallation installation;
    installation.dir = dir;
    installation.run_dir = options_.run_dir;
    installation.spec = spec_;
    const auto first = podman_hook_files(installation).front();
    const auto installed = read_small_file(first.path);
    if (!installed) return;
    installation.program = program_in(*installed);
    installation.second_line = file_exists(dir + "/weir-createRuntime.json");
    look_at_files(installation);
    look_at_setting(dir);
    if (out_.empty()) look_at_podman(installation);
  }

  /// The files are right: a container that only asks whether the hook is called. It is refused by
  /// the hook itself, so nothing of it is ever started.
  void look_at_podman(const HookInstallation& installation) {
    const auto me = self();
    if (me.uid != 0 || !find_program({"podman"})) return;
    const auto root = TempFolder::make();
    if (!root) return;
    const auto token = fmt::format("{}-{}", me.pid, wall_us());
    const auto done = run_program(
        {"podman", "run", "--rm", "--network=none", "--annotation",
         fmt::format("{}={}", probe_annotation, token), "--rootfs", root->path(), "true"},
        podman_patience);
    if (done && done->said.find(fmt::format("weir: probe {}:", token)) != std::string::npos) return;
    problem(
        "hook-silent",
        fmt::format("podman does not call the hook in {}: asked for a container that the hook "
                    "would refuse, it said: {}",
                    installation.dir, done ? last_line(done->said) : done.error().message),
        fmt::format("podman --log-level=debug run --rm --network=none --rootfs / true 2>&1 | grep "
                    "hooks  # and make the hooks_dir that it reads name {}",
                    installation.dir));
  }

  [[nodiscard]] std::string install(const HookInstallation& installation) const {
    auto out = install_;
    if (installation.dir != podman_hook_dir) out += " --dir " + installation.dir;
    if (installation.second_line) out += " --second-line";
    return out;
  }

  void look_at_files(const HookInstallation& installation) {
    if (!find_program({installation.program}))
      return problem("hook-program",
                     fmt::format("the hooks in {} name '{}', which is not there: podman starts no "
                                 "container",
                                 installation.dir, printable(installation.program, 200)),
                     install(installation));
    for (const auto& file : podman_hook_files(installation)) {
      const auto text = read_small_file(file.path);
      if (text && *text == file.text) continue;
      return problem(
          "hook-outdated",
          text ? fmt::format("{} is not what [hook] of {} asks for now", file.path, options_.config)
               : fmt::format("{} is missing: nothing would be given back", file.path),
          install(installation));
    }
  }

  void look_at_setting(const std::string& dir) {
    const auto setting = hook_dir_setting();
    if (!setting || std::ranges::find(setting->dirs, dir) != setting->dirs.end()) return;
    problem(
        "hook-unread",
        fmt::format("podman does not look for hooks in {}: {} has hooks_dir without it", dir,
                    setting->file),
        fmt::format("sed -i '/^[[:space:]]*hooks_dir/s|\\[|[\"{}\", |' {}", dir, setting->file));
  }

  void problem(std::string id, std::string what, std::string remedy) {
    out_.push_back({std::move(id), Severity::problem, std::move(what), std::move(remedy)});
  }

  const Options& options_;
  const HookSpec& spec_;
  std::string install_;
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> hook_findings(const Options& options, const HookSpec& spec,
                                   const std::string& install) {
  return HookCheck(options, spec, install).run();
}

}  // namespace weir
