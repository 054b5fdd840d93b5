// SPDX-License-Identifier: Apache-2.0
#include "runtime_follow.h"

#include <cerrno>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/model/oci.h"
#include "weir/model/runtime_state.h"

namespace weir {
namespace {

/// The folders in which runtimes have one for each container. Docker and containerd have them for
/// each of their namespaces.
std::vector<std::string> state_folders() {
  std::vector<std::string> out{"/run/crun", "/run/runc"};
  for (const std::string above : {"/run/docker/runtime-runc", "/run/containerd/runc"})
    for (const auto& name : folders_in(above)) out.push_back(fmt::format("{}/{}", above, name));
  return out;
}

struct StateFile {
  OciRuntime runtime = OciRuntime::crun;
  std::string path, text;
};

Result<std::optional<StateFile>> read_if_there(OciRuntime runtime, std::string path) {
  auto text = read_small_file(path, longest_oci_text);
  if (text) return std::optional{StateFile{runtime, std::move(path), std::move(*text)}};
  if (text.error().sys == ENOENT || text.error().sys == ENOTDIR) return std::optional<StateFile>{};
  return pass(std::move(text));
}

/// The id comes from a file name or from a runtime, and becomes part of a path.
Result<std::optional<StateFile>> find_state(const std::string& id) {
  if (id.empty() || id.find('/') != std::string::npos || id.starts_with('.'))
    return std::optional<StateFile>{};
  for (const auto& folder : state_folders()) {
    const auto own = fmt::format("{}/{}", folder, id);
    WEIR_TRY(auto of_crun, read_if_there(OciRuntime::crun, own + "/status"));
    if (of_crun) return of_crun;
    WEIR_TRY(auto of_runc, read_if_there(OciRuntime::runc, own + "/state.json"));
    if (of_runc) return of_runc;
  }
  return std::optional<StateFile>{};
}

std::string absolute(const CgroupPath& cgroup) { return fmt::format("/{}", cgroup.str()); }

/// What stands before weir's part of the path, where weir works below a delegated cgroup.
Result<std::string> above_root(const RuntimeState& state, const CgroupPath& cgroup) {
  const auto ours = absolute(cgroup);
  if (state.cgroup.ends_with(ours))
    return state.cgroup.substr(0, state.cgroup.size() - ours.size());
  return fail(Errc::conflict, fmt::format("its runtime has it in '{}', not in '{}'",
                                          printable(state.cgroup, 200), ours));
}

unsigned mode_of(OciRuntime runtime) { return runtime == OciRuntime::crun ? 0700 : 0600; }

}  // namespace

Status check_runtime_can_follow(const ContainerRecord& record, const CgroupPath& cgroup) {
  if (!record.runtime.known()) return {};
  const auto cannot = [&](std::string_view why, std::string hint) {
    return fail(Errc::conflict,
                fmt::format("container '{}' belongs to a runtime: {}", record.name.str(), why),
                std::move(hint));
  };
  WEIR_TRY(const auto file, find_state(record.runtime.id));
  if (!file)
    return cannot(
        fmt::format("no state of crun or runc has the id '{}'", printable(record.runtime.id, 80)),
        "stop it, and start it again in the other pool");
  WEIR_TRY(const auto state, RuntimeState::parse(file->runtime, file->text));
  if (state.systemd)
    return cannot(fmt::format("{} asks systemd about its cgroup, which would not find it",
                              to_text(file->runtime)),
                  "stop it, and start it again in the other pool; with the cgroupfs manager it "
                  "could be moved");
  WEIR_CHECK(above_root(state, cgroup));
  return {};
}

Status tell_runtime(const RuntimeIdentity& runtime, const CgroupPath& from, const CgroupPath& to) {
  if (!runtime.known()) return {};
  WEIR_TRY(const auto file, find_state(runtime.id));
  if (!file) return {};
  WEIR_TRY(const auto state, RuntimeState::parse(file->runtime, file->text));
  if (above_root(state, to)) return {};
  WEIR_TRY(const auto above, above_root(state, from));
  WEIR_TRY(const auto text,
           with_cgroup(file->runtime, file->text, state.cgroup, above + absolute(to)));
  WEIR_CHECK(replace_file(file->path, text, mode_of(file->runtime)));
  // The runtime itself may have written it meanwhile, by an update.
  WEIR_TRY(const auto now, read_small_file(file->path, longest_oci_text));
  WEIR_TRY(const auto after, RuntimeState::parse(file->runtime, now));
  WEIR_CHECK(above_root(after, to));
  return {};
}

}  // namespace weir
