// SPDX-License-Identifier: Apache-2.0
// What crun and runc note about a container that runs, as far as its cgroup goes: crun 1.8.1 in
// ID/status, runc 1.1.5 in ID/state.json. Their exec, update, pause, kill and delete go by it.
#pragma once

#include <string>
#include <string_view>

#include "weir/base/result.h"

namespace weir {

enum class OciRuntime { crun, runc };
std::string_view to_text(OciRuntime runtime);

struct RuntimeState {
  std::string cgroup;    ///< "/weir.slice/weir-ci.slice/ID"
  bool systemd = false;  ///< systemd made the cgroup for it, and is asked about it by unit

  /// Errc::conflict for a form that these versions do not write.
  static Result<RuntimeState> parse(OciRuntime runtime, std::string_view text);
};

/// `text` with the cgroup `from` ("/weir.slice/weir-ci.slice/ID") as `to` wherever the runtime
/// looks for it; every other byte stays. Errc::conflict as above, where it names another
/// cgroup, and where systemd made it.
Result<std::string> with_cgroup(OciRuntime runtime, std::string_view text, std::string_view from,
                                std::string_view to);

}  // namespace weir
