// SPDX-License-Identifier: Apache-2.0
// The door to a cgroup tree. CgroupFs (fs.h) is the kernel; the tests have a fake that obeys the
// same contract and a wrapper that fails the n-th call.
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "weir/base/unique_fd.h"
#include "weir/model/names.h"
#include "weir/model/observed.h"

namespace weir {

/// There is no such cgroup or file (any more): ENODEV from a descriptor opened before (kernel.md
/// #17).
[[nodiscard]] inline bool is_gone(const Error& error) {
  return error.sys == ENOENT || error.sys == ENODEV;
}

/// One write to a file of a cgroup.
struct FileWrite {
  std::string_view file, value;
};

/// Paths are relative to the root the implementation was opened on. Errors carry errno in
/// Error::sys and name the file and, for a write, the value. Not safe for use from two threads at
/// once.
class CgroupIo {
 public:
  virtual ~CgroupIo() = default;

  /// The whole file. ENOENT: no such cgroup or file; ENODEV: the cgroup is gone.
  virtual Result<std::string> read(const CgroupPath& cgroup, std::string_view file) = 0;
  /// One write(2) of `value`; never creates or truncates.
  virtual Status write(const CgroupPath& cgroup, std::string_view file, std::string_view value) = 0;
  /// Several writes to one cgroup, in this order where the order is the writer's; `done` counts
  /// those that were made, so that an error is about the next one.
  virtual Status write_several(const CgroupPath& cgroup, std::span<const FileWrite> writes,
                               std::size_t& done) {
    for (done = 0; done < writes.size(); ++done) {
      auto written = write(cgroup, writes[done].file, writes[done].value);
      if (!written) return written;
    }
    return {};
  }
  virtual Status make(const CgroupPath& cgroup) = 0;
  /// The same, told what will be written next, which a manager can take along in one go.
  virtual Status make_for(const CgroupPath& cgroup, const FileValues&) { return make(cgroup); }
  /// rmdir; EBUSY while it has processes or children.
  virtual Status remove(const CgroupPath& cgroup) = 0;
  /// Names of the child cgroups, sorted.
  virtual Result<std::vector<std::string>> children(const CgroupPath& cgroup) = 0;
  /// How many child cgroups there are, without reading their names where that can be had.
  virtual Result<std::int64_t> child_count(const CgroupPath& cgroup) {
    auto names = children(cgroup);
    if (!names) return pass(std::move(names));
    return static_cast<std::int64_t>(names->size());
  }
  [[nodiscard]] virtual bool exists(const CgroupPath& cgroup) = 0;
  [[nodiscard]] virtual bool has_file(const CgroupPath& cgroup, std::string_view file) = 0;
  /// weir's own extended attribute, or nothing where there is none.
  virtual Result<std::optional<std::string>> attribute(const CgroupPath& cgroup,
                                                       std::string_view name) = 0;
  virtual Status set_attribute(const CgroupPath& cgroup, std::string_view name,
                               std::string_view value) = 0;
  /// Owners, and extended attributes that anybody has set, but for weir's record of a container, of
  /// which `to` has its own.
  virtual Status copy_attributes(const CgroupPath& from, const CgroupPath& to) {
    static_cast<void>(from);
    static_cast<void>(to);
    return {};
  }
  /// A directory descriptor for clone3(CLONE_INTO_CGROUP), which may be that of a cgroup below; the
  /// fake has none and says EOPNOTSUPP.
  virtual Result<UniqueFd> directory(const CgroupPath& cgroup) = 0;
  /// cgroup.events of this very cgroup, open for pread(2) and poll(2); EOPNOTSUPP where it can only
  /// be read.
  virtual Result<UniqueFd> open_events(const CgroupPath& cgroup) {
    return os_fail(EOPNOTSUPP, cgroup.str());
  }
  /// Whether what is written to the file stays; a manager may set it back with its next write.
  [[nodiscard]] virtual bool keeps(const CgroupPath&, std::string_view) { return true; }
  /// Lets a cgroup that somebody else made have the files of the controllers its parent has.
  virtual Status take_over(const CgroupPath&) { return {}; }
  /// Whether a cgroup of a container is only made around a process; where nobody was brought, one
  /// is started that holds it open until `inhabited`.
  [[nodiscard]] virtual bool is_made_around_processes() const { return false; }
  /// The process, which waits for nothing but to live in it, around which the next such cgroup is
  /// made. It must be a child that has not been reaped.
  virtual void bring(pid_t) {}
  /// A cgroup is to be made soon: who has to be asked for it is met while the caller goes on.
  virtual void get_ready() {}
  /// Not so soon after all.
  virtual void rest() {}
  /// A container's own processes are in: what kept its cgroup in existence until now may go.
  virtual void inhabited(const CgroupPath&) {}
  /// What a manager beside the kernel has for the files of `cgroup`, and would write again; empty
  /// where there is none.
  virtual Result<FileValues> managed(const CgroupPath&) { return FileValues{}; }
};

}  // namespace weir
