// SPDX-License-Identifier: Apache-2.0
// What one cgroup directory passes on to another: extended attributes and owners.
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

#include "weir/base/text.h"
#include "weir/cgroup/fs.h"
#include "weir/model/record.h"

namespace weir {
namespace {

constexpr std::size_t max_attribute = 65536;  // kernel.md #18

/// What a cgroup is handed to a user with (cgroup-v2.rst, delegation); "" is the directory itself.
constexpr std::array delegated_files{"",
                                     "cgroup.procs",
                                     "cgroup.threads",
                                     "cgroup.subtree_control",
                                     "memory.oom.group",
                                     "memory.reclaim"};

/// 0 or an errno. A file that one of them lacks has no owner to copy.
int copy_owner(int from, int to, const char* name) {
  struct stat wanted {
  }, now{};
  if (::fstatat(from, name, &wanted, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ||
      ::fstatat(to, name, &now, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT ? 0 : errno;
  if (wanted.st_uid == now.st_uid && wanted.st_gid == now.st_gid) return 0;
  return ::fchownat(to, name, wanted.st_uid, wanted.st_gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0
             ? errno
             : 0;
}

std::vector<std::string> attribute_names(int directory) {
  std::string list(max_attribute, '\0');
  const auto n = ::flistxattr(directory, list.data(), list.size());
  list.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  std::vector<std::string> out;
  for (const auto name : split(list, '\0'))
    if (!name.empty()) out.emplace_back(name);
  return out;
}

}  // namespace

Status CgroupFs::copy_attributes(const CgroupPath& from, const CgroupPath& to) {
  WEIR_TRY(const auto source, directory(from));
  WEIR_TRY(const auto target, directory(to));
  const auto own_record = attribute_name(attribute::container);
  for (const auto& name : attribute_names(source.get())) {
    if (name == own_record) continue;
    std::string value(max_attribute, '\0');
    const auto n = ::fgetxattr(source.get(), name.c_str(), value.data(), value.size());
    if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP)) continue;
    if (n < 0) return os_fail(errno, fmt::format("read {} of {}", name, from.str()));
    if (::fsetxattr(target.get(), name.c_str(), value.data(), static_cast<std::size_t>(n), 0) < 0)
      return os_fail(errno, fmt::format("set {} of {}", name, to.str()));
  }
  for (const auto* name : delegated_files)
    if (const int error = copy_owner(source.get(), target.get(), name))
      return os_fail(error, fmt::format("chown {}/{}", to.str(), name));
  return {};
}

}  // namespace weir
