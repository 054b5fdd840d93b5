// SPDX-License-Identifier: Apache-2.0
// Who owns the tree at a cgroup root: weir itself, or systemd.
#pragma once

#include <optional>
#include <string>

#include "weir/model/host.h"

namespace weir {

struct BackendDecision {
  std::optional<Backend> backend;  ///< nothing: weir must not write here
  std::string reason;              ///< in words, for `weir host` and for the refusal
};

/// `auto`: never two writers. `host` needs mount, controllers and systemd filled.
BackendDecision choose_backend(const CgroupHost& host, const std::string& root);

}  // namespace weir
