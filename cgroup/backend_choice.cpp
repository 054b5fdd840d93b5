// SPDX-License-Identifier: Apache-2.0
#include "backend_choice.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>

#include "weir/cgroup/delegation.h"

namespace weir {
namespace {

/// systemd marks what it hands over (Delegate=) with one of these attributes, value "1" (systemd
/// 251, CGROUP_DELEGATION.md).
bool is_delegated_by_systemd(const std::string& root) {
  for (const char* name : {"trusted.delegate", "user.delegate"}) {
    std::array<char, 8> value{};
    if (::getxattr(root.c_str(), name, value.data(), value.size()) == 1 && value[0] == '1')
      return true;
  }
  return false;
}

/// Whose a cgroup below the mount is: systemd marks what it hands over, and does not look at what
/// others made beside its units (kernel.md #50).
enum class Owner { systemd, delegated, nobody };

Owner owner_of(const std::string& root) {
  std::array<char, PATH_MAX> resolved{};
  std::string path = ::realpath(root.c_str(), resolved.data()) ? resolved.data() : root;
  std::string outermost;
  // cgroup.type is missing in the kernel's root cgroup only.
  while (path.size() > 1 && ::access((path + "/cgroup.type").c_str(), F_OK) == 0) {
    if (is_delegated_by_systemd(path)) return Owner::delegated;
    const auto slash = path.rfind('/');
    outermost = path.substr(slash + 1);
    path.resize(std::max<std::size_t>(slash, 1));
  }
  return is_unit_name(outermost) ? Owner::systemd : Owner::nobody;
}

bool is_writable(const std::string& root) {
  return ::access((root + "/cgroup.procs").c_str(), W_OK) == 0 && ::access(root.c_str(), W_OK) == 0;
}

}  // namespace

BackendDecision choose_backend(const CgroupHost& host, const std::string& root) {
  if (!is_writable(root))
    return {std::nullopt, fmt::format("{} is not writable for this user", root)};
  if (!host.systemd) return {Backend::cgroupfs, "no systemd runs here: weir owns its slice"};
  if (host.delegated) {
    switch (owner_of(root)) {
      case Owner::delegated:
        return {Backend::cgroupfs, fmt::format("systemd delegated {} to weir", root)};
      case Owner::nobody:
        return {Backend::cgroupfs, fmt::format("{} is no unit of systemd's", root)};
      case Owner::systemd:
        return {std::nullopt,
                fmt::format("{} belongs to systemd, which has not delegated it", root)};
    }
  }
  return {Backend::systemd, "systemd runs here: weir asks it for slices and scopes"};
}

}  // namespace weir
