// SPDX-License-Identifier: Apache-2.0
#include "child_filter.h"

#include <cerrno>
#include <sys/prctl.h>

#include "capabilities.h"

namespace weir {
namespace {

constexpr unsigned sys_admin = 1U << CAP_SYS_ADMIN;
static_assert(CAP_SYS_ADMIN < 32, "it is in the first word");

}  // namespace

bool keep_filter_right(bool user_changes) {
  Capabilities now;
  if (now.get() != 0 || (now.data[0].effective & sys_admin) == 0) return false;
  return !user_changes || ::prctl(PR_SET_KEEPCAPS, 1) == 0;
}

int load_filter(const SeccompFilter& filter, bool has_right) {
  if (!has_right) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return errno;
    return load(filter);
  }
  Capabilities now;
  if (const int sys = now.get(); sys != 0) return sys;
  now.data[0].effective |= sys_admin;  // the change of user took it from the effective set
  if (const int sys = now.set(); sys != 0) return sys;
  return load(filter);
}

}  // namespace weir
