// SPDX-License-Identifier: Apache-2.0
// config.json and the state of a container, as images and users could have written them: what is
// accepted stays JSON when it is rewritten, says the new path, and differs in nothing else.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "weir/model/oci.h"
#include "weir/model/runtime_state.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_error(const Error& error) {
  require(error.message.size() < 1000);
  require(error.message.find('\n') == std::string::npos);
}

void check_rewrite(std::string_view text, const OciConfig& config) {
  constexpr std::string_view path = "/weir.slice/weir-a.slice/\"x\\";
  const auto changed = rewrite(std::string{text}, config, path, {Cores{1'500'000}, Bytes{8192}});
  require(changed.has_value());
  const auto again = OciConfig::parse(*changed);
  require(again && again->cgroups_path == path && again->memory() == Bytes{8192} &&
          again->cores() == Cores{1'500'000});
  require(again->annotations == config.annotations && again->env == config.env &&
          again->uid == config.uid && again->memory_reservation == config.memory_reservation);
  require(*rewrite(*changed, *again, path, {Cores{1'500'000}, Bytes{8192}}) == *changed);
  if (config.cgroups_path) {
    const auto back = rewrite(*rewrite(std::string{text}, config, path, {}),
                              *OciConfig::parse(*rewrite(std::string{text}, config, path, {})),
                              *config.cgroups_path, {});
    require(OciConfig::parse(*back)->cgroups_path == config.cgroups_path);
  }
}

void check_path(std::string_view text) {
  const auto path = CgroupsPath::parse(text);
  if (!path) return check_error(path.error());
  require(CgroupPath{}.child(path->leaf).has_value());
  require(path->parent.find("..") == std::string::npos || !path->parent.ends_with("/.."));
  const auto again = CgroupsPath::parse(path->below("/weir.slice/weir-a.slice"));
  require(again && again->leaf == path->leaf && again->manager == path->manager &&
          again->parent == "/weir.slice/weir-a.slice");
}

void check_runtime_state(OciRuntime runtime, std::string_view text) {
  constexpr std::string_view path = "/weir.slice/weir-a.slice/\"x\\";
  const auto state = RuntimeState::parse(runtime, text);
  if (!state) return check_error(state.error());
  const auto changed = with_cgroup(runtime, text, state->cgroup, path);
  require(changed.has_value() != state->systemd);
  if (!changed) return check_error(changed.error());
  require(RuntimeState::parse(runtime, *changed)->cgroup == path);
  require(with_cgroup(runtime, *changed, path, state->cgroup).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto config = OciConfig::parse(text)) {
    check_rewrite(text, *config);
    if (config->cgroups_path) check_path(*config->cgroups_path);
  } else {
    check_error(config.error());
  }
  if (const auto state = OciState::parse(text); !state) check_error(state.error());
  check_path(text);
  for (const auto runtime : {OciRuntime::crun, OciRuntime::runc})
    check_runtime_state(runtime, text);
  return 0;
}
