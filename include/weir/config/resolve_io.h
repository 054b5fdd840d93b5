// SPDX-License-Identifier: Apache-2.0
// The disks behind the paths of weir.toml, and what pools may claim of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "weir/model/block.h"
#include "weir/model/config.h"
#include "weir/model/pool.h"

namespace weir {

/// What each path leads to on this host, or why nowhere.
using Carriers = std::map<std::string, Result<Carrier>, std::less<>>;

/// Every path of [[host.disk]] and of the pools' io, once.
std::vector<std::string> io_paths(const Config& config);

/// Fills PoolTree::disks and Pool::io. Mistakes that show only now, since two paths may lead to one
/// disk, and warnings where a limit does not do what one would think.
std::vector<Diagnostic> resolve_io(PoolTree& tree, const Carriers& carriers);

/// A warning for each io entry on a host whose kernel or container has no io controller.
std::vector<Diagnostic> warn_without_controller(const PoolTree& tree);

}  // namespace weir
