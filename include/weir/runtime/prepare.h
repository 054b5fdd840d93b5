// SPDX-License-Identifier: Apache-2.0
// What `apply` leaves for weir-hook and weir-runtime.
#pragma once

#include <string>

#include "weir/model/hook_rules.h"
#include "weir/runtime/session.h"

namespace weir {

/// The file in the run directory.
std::string hook_rules_path(const std::string& run_dir);

/// The rules of a session, with names of users and groups looked up; those that do not exist are
/// warnings of the session.
HookRules make_hook_rules(Session& session);

/// Writes them where the hook looks, and what it needs without them onto the top slice, which
/// must be there.
Status prepare_hook(Session& session);

/// The same where there is none and the pools are in the kernel: the run directory does not outlive
/// a boot, and may be emptied by anyone's clean-up.
Status prepare_hook_if_missing(Session& session);

/// After a teardown there is nothing to place anything in.
Status forget_hook(Session& session);

}  // namespace weir
