// SPDX-License-Identifier: Apache-2.0
// systemd makes no scope without a process, and removes it with the last one.
#pragma once

#include <sys/types.h>

#include "weir/base/result.h"

namespace weir {

/// A process that does nothing but keep a scope in existence until a container's own processes are
/// in it. It ends with this object, and with weir.
class ScopeHolder {
 public:
  static Result<ScopeHolder> start();
  ScopeHolder(ScopeHolder&& other) noexcept;
  ScopeHolder& operator=(ScopeHolder&& other) noexcept;
  ScopeHolder(const ScopeHolder&) = delete;
  ScopeHolder& operator=(const ScopeHolder&) = delete;
  ~ScopeHolder();

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  explicit ScopeHolder(pid_t pid) : pid_(pid) {}
  void end() noexcept;
  pid_t pid_ = -1;
};

}  // namespace weir
