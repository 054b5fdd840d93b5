// SPDX-License-Identifier: Apache-2.0
// Going first on its CPU for a moment.
#pragma once

namespace weir {

/// While it lives, this process goes before all others that have ordinary priorities, as the
/// kernel wakes each frozen process that it moves, and everybody waits until the last one is there.
/// Where that is not allowed (RestrictRealtime=, no CAP_SYS_NICE), where it has another policy than
/// the ordinary one already, or one CPU only, on which everybody would wait, nothing changes.
/// Children do not inherit it.
class Precedence {
 public:
  Precedence();
  Precedence(const Precedence&) = delete;
  Precedence& operator=(const Precedence&) = delete;
  ~Precedence();

 private:
  bool given_ = false;
};

}  // namespace weir
