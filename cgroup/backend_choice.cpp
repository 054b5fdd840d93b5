// SPDX-License-Identifier: Apache-2.0
#include "backend_choice.h"

#include <array>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

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

bool is_writable(const std::string& root) {
  return ::access((root + "/cgroup.procs").c_str(), W_OK) == 0 && ::access(root.c_str(), W_OK) == 0;
}

}  // namespace

BackendDecision choose_backend(const CgroupHost& host, const std::string& root) {
  if (!is_writable(root))
    return {std::nullopt, fmt::format("{} is not writable for this user", root)};
  if (!host.systemd) return {Backend::cgroupfs, "no systemd runs here: weir owns its slice"};
  if (is_delegated_by_systemd(root))
    return {Backend::cgroupfs, fmt::format("systemd delegated {} to weir", root)};
  return {std::nullopt, "systemd owns the cgroup tree of this host"};
}

}  // namespace weir
