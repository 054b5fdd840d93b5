// SPDX-License-Identifier: Apache-2.0
// What a hook has before it: the prepared rules, the tree and the run directory.
#pragma once

#include <string>
#include <string_view>

#include "weir/cgroup/fs.h"
#include "weir/runtime/hook.h"

namespace weir {

struct HookDesk {
  HookRules rules;
  CgroupFs io;
  RunDir run_dir;
  std::optional<CgroupPath> inside;  ///< the caller's own cgroup, once a pool has been found
};

/// Errc::failed for everything: weir's own trouble.
Result<HookDesk> open_hook_desk(const std::string& run_dir);

/// What to do when the desk cannot be opened: the prepared file's first line, else what apply left
/// on the top slice, else `otherwise`.
OnError on_error_without_desk(const std::string& run_dir, OnError otherwise);

/// The same error as weir's own trouble, which no rule has decided.
Error own_failure(Error error);

/// A refusal always refuses; weir's own trouble does what `on_error` says.
bool lets_start(const Error& error, OnError on_error);

/// "weir: CODE: hook STAGE: REASON", and the hint behind it.
std::string complaint(const Error& error, std::string_view doing);

/// A process's cgroup below the tree's mount; nothing where it is outside.
std::optional<CgroupPath> cgroup_below(const HookRules& rules, int pid);

/// The caller, as far as is known: inside a container of `weir run`, its owner.
HookCaller find_caller(CgroupIo& io, const HookRules& rules,
                       const std::optional<CgroupPath>& inside);

/// Nothing where it is to be left alone. `pool_name` goes before all rules.
Result<std::optional<Placement>> find_place(HookDesk& desk, const OciConfig& config,
                                            const CgroupsPath& path,
                                            const std::optional<std::string>& pool_name);

}  // namespace weir
