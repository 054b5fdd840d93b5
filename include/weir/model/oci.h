// SPDX-License-Identifier: Apache-2.0
// What weir reads of the OCI runtime specification: a bundle's config.json and the state that a
// hook gets. Both come from users and images: bounded, and never taken apart more than needed. What
// weir does not change in a config.json stays as it was, to the byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/units.h"
#include "weir/model/json_cursor.h"
#include "weir/model/names.h"

namespace weir {

/// A config.json of podman has 10 to 100 KB.
inline constexpr std::size_t longest_oci_text = std::size_t{4} << 20;

/// Who makes the container's cgroup, told by the form of linux.cgroupsPath.
enum class CgroupManager {
  cgroupfs,  ///< the runtime itself: "/parent/leaf"
  systemd,   ///< systemd, asked by the runtime: "parent.slice:prefix:name"
};

/// linux.cgroupsPath, taken apart.
struct CgroupsPath {
  CgroupManager manager = CgroupManager::cgroupfs;
  std::string parent;  ///< "/machine.slice", "/libpod_parent"; empty where it depends on the caller
  std::string leaf;    ///< the directory that the runtime makes in it: "libpod-ID.scope"
  std::string tail;    ///< systemd: "libpod:ID", what stands behind the slice

  /// Errc::usage for "..", control characters and what no runtime makes.
  static Result<CgroupsPath> parse(std::string_view text);
  /// The same container in the cgroup `parent`, an absolute path: what to write instead. The last
  /// component of `parent` must be a slice for systemd.
  [[nodiscard]] std::string below(std::string_view parent) const;
};

struct OciConfig {
  std::vector<std::pair<std::string, std::string>> annotations;
  std::vector<std::string> env;  ///< "NAME=VALUE"
  std::optional<std::int64_t> uid;
  std::optional<std::string> cgroups_path;                       ///< absent also where it is empty
  std::optional<JsonSpan> cgroups_path_at;                       ///< the value's place
  std::optional<std::int64_t> memory_limit, memory_reservation;  ///< bytes; -1: no limit
  std::optional<std::int64_t> cpu_quota, cpu_period;             ///< microseconds

  [[nodiscard]] const std::string* annotation(std::string_view name) const;
  /// The CPU limit in cores that quota and period amount to.
  [[nodiscard]] std::optional<Cores> cores() const;
  [[nodiscard]] std::optional<Bytes> memory() const;

  /// Errc::usage in one line.
  static Result<OciConfig> parse(std::string_view text);
};

/// Limits that are to stand in a config.json.
struct OciLimits {
  std::optional<Cores> cpu;
  std::optional<Bytes> memory;
};

/// `text`, whose parse is `config`, with another linux.cgroupsPath and these limits. It is changed
/// where it is: each page of a copy would cost a hook a fault.
Result<std::string> rewrite(std::string text, const OciConfig& config,
                            std::string_view cgroups_path, const OciLimits& limits);

struct OciState {
  std::string id, status, bundle;
  std::int64_t pid = 0;  ///< 0: not given
  std::vector<std::pair<std::string, std::string>> annotations;

  static Result<OciState> parse(std::string_view text);
};

}  // namespace weir
