// SPDX-License-Identifier: Apache-2.0
// Changing one pool's file under weir.d as `weir pool create` and `weir pool set` do.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.h"
#include "weir/model/names.h"

namespace weir {

/// A dotted key below [pool.NAME] and its value as typed on a command line: {"memory.limit",
/// "60MiB"}. An empty value removes the key.
using KeyValue = std::pair<std::string, std::string>;

/// The text of weir.d/NAME.toml with `changes` made to [pool.NAME]; `old_text` may be empty (a new
/// pool). Comments and other keys stay where the file has one `key = value` a line; a file written
/// differently is written anew from its values, without comments. Keys and values are not checked
/// against the schema: that is parse_config's work. Errc::config when `old_text` is no TOML,
/// Errc::usage for a key that is no dotted key or cannot be set.
Result<std::string> edit_pool_text(std::string_view old_text, const PoolName& pool,
                                   const std::vector<KeyValue>& changes);

}  // namespace weir
