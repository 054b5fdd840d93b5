// SPDX-License-Identifier: Apache-2.0
// Users and groups of the host, through its name services.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "weir/base/result.h"

namespace weir {

/// Everything a process needs to become a user.
struct Credentials {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< supplementary, `gid` included
  std::string name, home, shell;
};

/// "alice", "1001", "alice:ci", "1001:1002". Errc::usage where there is no such user or group; a
/// bare uid without an entry is taken as it is, with no supplementary groups.
Result<Credentials> find_user(std::string_view text);

/// A group with those who belong to it, as far as the host's name services list them.
struct GroupMembers {
  gid_t gid = 0;
  std::vector<uid_t> users;
};
/// By name or number. Errc::usage where there is no such group.
Result<GroupMembers> find_members(std::string_view group);

/// A group by name or number. Errc::usage where there is none.
Result<gid_t> find_group(std::string_view text);

}  // namespace weir
