// SPDX-License-Identifier: Apache-2.0
// Names that were checked once and are safe ever after: pools, containers, cgroup paths.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"

namespace weir {

/// A pool's name: [a-z][a-z0-9_]{0,30}. No dash, which is systemd's path separator.
class PoolName {
 public:
  static Result<PoolName> parse(std::string_view text);
  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  auto operator<=>(const PoolName&) const = default;

 private:
  explicit PoolName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// A container's name: [A-Za-z0-9][A-Za-z0-9_.-]{0,63}, no unit suffix, no interface file, none of
/// the names systemd and the runtimes use themselves.
class ContainerName {
 public:
  static Result<ContainerName> parse(std::string_view text);
  /// What a container is called whose cgroup a runtime made: the leaf without ".scope". It may be
  /// longer than other names, and begin as a runtime's do; bytes no name may have become '_'.
  static ContainerName of_leaf(std::string_view leaf);
  /// A name that either of the two gives: what records and users may say of containers that exist.
  static Result<ContainerName> parse_existing(std::string_view text);
  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  auto operator<=>(const ContainerName&) const = default;

 private:
  explicit ContainerName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// A cgroup below the cgroup2 mount, relative and without a leading slash; empty is the mount
/// itself. No "." or "..", no empty component, no component that could shadow an interface file.
class CgroupPath {
 public:
  CgroupPath() = default;  ///< the mount itself
  static Result<CgroupPath> parse(std::string_view text);
  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  [[nodiscard]] bool is_root() const noexcept { return text_.empty(); }
  [[nodiscard]] std::size_t depth() const noexcept;
  /// The last component.
  [[nodiscard]] std::string_view leaf() const noexcept;
  [[nodiscard]] CgroupPath parent() const;
  /// True for `other` itself and everything below it.
  [[nodiscard]] bool is_within(const CgroupPath& other) const noexcept;
  /// True directly below `other`.
  [[nodiscard]] bool is_child_of(const CgroupPath& other) const noexcept;
  /// `component` must already be a valid name ("x.slice", "y.scope").
  [[nodiscard]] Result<CgroupPath> child(std::string_view component) const;
  auto operator<=>(const CgroupPath&) const = default;

 private:
  explicit CgroupPath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// "weir.slice": one component that ends in ".slice" and has no dash in its stem.
Result<std::string> parse_slice_name(std::string_view text);

/// "weir-team-nightly.slice" for top slice "weir.slice" and ancestry {team, nightly}.
std::string slice_component(std::string_view top_slice, const std::vector<PoolName>& ancestry);

/// True for names the kernel has, or may get, as interface files ("memory.max").
bool looks_like_interface_file(std::string_view component);

}  // namespace weir
