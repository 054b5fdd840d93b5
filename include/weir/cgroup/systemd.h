// SPDX-License-Identifier: Apache-2.0
// The tree of a host that systemd manages: slices and scopes are its units, and weir asks it.
#pragma once

#include <memory>

#include "weir/cgroup/fs.h"

namespace weir {

/// Reads go to the kernel. What makes, limits or removes a slice or scope goes to systemd, which
/// would undo a write behind its back at its next daemon-reload (kernel.md #51); whether the kernel
/// took the value is read back, for systemd only logs a refusal. Scopes are delegated: what lies in
/// them, and files for which systemd has no property, are written directly.
///
/// Errc::unsupported where libsystemd is missing or systemd does not answer.
Result<std::unique_ptr<CgroupIo>> open_systemd_tree(CgroupFs files);

}  // namespace weir
