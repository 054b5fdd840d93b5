// SPDX-License-Identifier: Apache-2.0
// The kernel's cgroup v2 tree, opened once and never left.
#pragma once

#include <array>
#include <string>

#include "weir/cgroup/io.h"

namespace weir {

/// Every path is opened with openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV) below
/// the root descriptor, so neither a symlink nor a mount nor ".." leads out (openat2(2),
/// Linux 5.6).
class CgroupFs final : public CgroupIo {
 public:
  enum class Verify { cgroup2, none };  ///< none: trees recorded for tests

  /// Opens `root`. Errc::unsupported where it is no cgroup2 file system.
  static Result<CgroupFs> open(const std::string& root, Verify verify = Verify::cgroup2);

  Result<std::string> read(const CgroupPath& cgroup, std::string_view file) override;
  Status write(const CgroupPath& cgroup, std::string_view file, std::string_view value) override;
  Status write_several(const CgroupPath& cgroup, std::span<const FileWrite> writes,
                       std::size_t& done) override;
  Status make(const CgroupPath& cgroup) override;
  Status remove(const CgroupPath& cgroup) override;
  Result<std::vector<std::string>> children(const CgroupPath& cgroup) override;
  Result<std::int64_t> child_count(const CgroupPath& cgroup) override;
  bool exists(const CgroupPath& cgroup) override;
  bool has_file(const CgroupPath& cgroup, std::string_view file) override;
  Result<std::optional<std::string>> attribute(const CgroupPath& cgroup,
                                               std::string_view name) override;
  Status set_attribute(const CgroupPath& cgroup, std::string_view name,
                       std::string_view value) override;
  Status copy_attributes(const CgroupPath& from, const CgroupPath& to) override;
  Result<UniqueFd> directory(const CgroupPath& cgroup) override;
  Result<UniqueFd> open_events(const CgroupPath& cgroup) override;

 private:
  CgroupFs(UniqueFd root, bool trusted, std::string root_path)
      : root_(std::move(root)), trusted_(trusted), root_path_(std::move(root_path)) {}
  /// A directory that was opened lately: work comes in runs on one cgroup and its parent.
  struct Kept {
    CgroupPath path;
    UniqueFd fd;
  };
  Result<int> directory_fd(const CgroupPath& cgroup);
  int keep(const CgroupPath& cgroup, UniqueFd fd);
  [[nodiscard]] bool is_kept(const CgroupPath& cgroup);
  bool bring_forward(const CgroupPath& cgroup);
  void forget(const CgroupPath& cgroup);
  bool forget_dead(const CgroupPath& cgroup);
  Result<UniqueFd> open_file(const CgroupPath& cgroup, std::string_view file, int flags);
  Result<UniqueFd> open_from_above(const CgroupPath& cgroup, std::string_view file, int flags);
  [[nodiscard]] std::string attribute_name(std::string_view name) const;

  UniqueFd root_;
  bool trusted_;              // trusted.weir.*, else user.weir.*
  std::string root_path_;     // empty where it was not absolute
  std::array<Kept, 2> kept_;  // the one used last in front
};

}  // namespace weir
