// SPDX-License-Identifier: Apache-2.0
// The weir.toml that `weir init` writes.
#pragma once

#include <string>

#include "weir/model/host.h"

namespace weir {

/// A short commented weir.toml whose numbers fit `host`; parse_config and resolve_pools take it
/// without a word on every host from one CPU and 600 MiB up.
std::string example_config(const Host& host);

}  // namespace weir
