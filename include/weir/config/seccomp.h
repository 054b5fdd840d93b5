// SPDX-License-Identifier: Apache-2.0
// System call filters in the JSON that docker and podman use.
#pragma once

#include <optional>
#include <string_view>

#include "weir/base/result.h"
#include "weir/model/seccomp.h"

namespace weir {

/// What the conditional rules of docker's profiles depend on.
struct SeccompContext {
  bool privileged = true;         ///< it has every capability (root), or none
  std::string_view architecture;  ///< as docker calls it: "amd64"
  int kernel_major = 0, kernel_minor = 0;
};

/// Strict: unknown keys of weir's own are not, but unknown actions, operators and flags are errors,
/// and so is a filter that needs somebody to listen (SCMP_ACT_NOTIFY). Bounded in size and depth.
/// Errors are Errc::usage.
Result<SeccompProfile> parse_seccomp(std::string_view json, const SeccompContext& context);

/// The JSON of "default" or "strict"; nothing for other names.
std::optional<std::string_view> builtin_seccomp(std::string_view name);

}  // namespace weir
