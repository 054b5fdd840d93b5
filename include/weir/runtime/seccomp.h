// SPDX-License-Identifier: Apache-2.0
// The system call filter that a container starts under.
#pragma once

#include <optional>
#include <string>

#include "weir/cgroup/seccomp.h"

namespace weir {

/// Who names the profile decides who may have written its file, and whose mistake it is.
enum class SeccompSource {
  flag,  ///< whoever calls: any file they can read; mistakes are Errc::usage
  pool,  ///< the administrator, in weir.toml: root's file and nobody else's; Errc::config
};

/// "none" is nothing; "default", "strict" or a file in the OCI format, compiled. `privileged`: the
/// container keeps root's capabilities, on which some rules of docker's profiles depend.
Result<std::optional<SeccompFilter>> seccomp_filter(const std::string& choice, SeccompSource source,
                                                    bool privileged);

}  // namespace weir
