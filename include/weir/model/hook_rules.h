// SPDX-License-Identifier: Apache-2.0
// What `apply` prepares for weir-hook and weir-runtime, so that they need neither weir.toml nor
// name services: the pools with absolute numbers and the rules by which containers come into them.
// A file of one versioned line a fact; read back as hostile input.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/model/config.h"
#include "weir/model/pool.h"

namespace weir {

/// AllowSpec with ids for names.
struct AllowedIds {
  std::vector<std::uint32_t> users;   ///< members of allowed groups included
  std::vector<std::uint32_t> groups;  ///< for a caller whose groups are at hand
};

struct HookRules {
  OnError on_error = OnError::open;  ///< when weir fails before it knows the pool
  std::chrono::milliseconds max_wait{0};
  std::string mount;  ///< absolute: what the pools' paths are relative to
  std::string
      prefix;  ///< of `mount` below the cgroup2 mount: "" or "/a/b"; runtimes count from there
  std::optional<std::size_t> default_pool = {};  ///< index into the tree
  std::optional<std::string> runtime = {};       ///< [runtime] path
  PoolTree tree;                                 ///< what admission and placement need of it
  std::vector<AllowedIds> allowed;               ///< one for each pool

  /// The first line alone tells what to do when the rest cannot be used.
  static std::optional<OnError> parse_on_error(std::string_view text);
  static Result<HookRules> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
};

/// More than 10,000 pools with rules need.
inline constexpr std::size_t longest_hook_rules = std::size_t{16} << 20;

namespace attribute {
/// On the top slice: [hook] on_error, for when the prepared file cannot be read.
inline constexpr std::string_view hook_on_error = "hook";
}  // namespace attribute

}  // namespace weir
