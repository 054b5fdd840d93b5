// SPDX-License-Identifier: Apache-2.0
// The stages of a hook that get a container's state: its cgroup is there, or already gone.
#pragma once

#include "hook_desk.h"

namespace weir {

/// Errc::usage for a state no runtime gives at that stage: no process, a path that leads elsewhere.
Status check_state(const OciState& state, HookStage stage);

/// createRuntime, prestart, poststart: a container in a pool is admitted and recorded, one
/// elsewhere is refused by a closed pool, reported by an open one. No process is ever moved.
HookReply note_container(HookDesk& desk, const OciState& state, HookStage stage,
                         Deadline& deadline);

/// poststop: what it held is free again.
HookReply release_container(HookDesk& desk, const OciState& state, std::string_view doing);

/// The runtime's id of the container whose cgroup has this name: "libpod-ID.scope" is podman's ID.
std::string id_in_leaf(std::string_view leaf);

}  // namespace weir
