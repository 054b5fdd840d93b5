// SPDX-License-Identifier: Apache-2.0
// A process that outlives this one by a moment: it kills a cgroup when this process dies.
#pragma once

#include <functional>
#include <sys/types.h>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

/// For --die-with-parent: PR_SET_PDEATHSIG reaches the command alone, not what it forked.
class Guardian {
 public:
  /// Starts watching; `directory` is the cgroup's. `also` is called in the guardian when it has
  /// killed: what was in the cgroup may be somewhere else by then.
  static Result<Guardian> watch(UniqueFd directory, const std::function<void()>& also);
  /// The container ended by itself: the guardian goes without doing anything.
  void dismiss();

 private:
  Guardian(pid_t pid, UniqueFd lifeline) : pid_(pid), lifeline_(std::move(lifeline)) {}
  pid_t pid_;
  UniqueFd lifeline_;  // its end-of-file, without a byte before, means that this process is dead
};

}  // namespace weir
