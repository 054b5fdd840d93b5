// SPDX-License-Identifier: Apache-2.0
// The audit log: one JSON object a line for each change and each refusal.
#pragma once

#include <string>
#include <string_view>

#include "weir/base/result.h"

namespace weir {

struct AuditEntry {
  std::string_view what;       ///< "run", "place", "release", "apply", "preempt", ...
  std::string_view pool;       ///< empty: none
  std::string_view container;  ///< empty: none
  std::string_view result;     ///< "done", or a code name such as "no-capacity"
  std::string_view reason;     ///< in words; empty: none
};

/// Appends to /var/log/weir/audit.jsonl who did what: time, uid, pid and command are those of this
/// process. One write(2) of at most 4096 bytes, so that lines of several processes do not mix.
/// Never fails what is being logged.
void audit(const AuditEntry& entry);

/// The entry of something that succeeded or was refused; hands `result` through.
template <class T>
Result<T> audited(AuditEntry entry, Result<T> result) {
  entry.result = result ? std::string_view{"done"} : code_name(result.error().code);
  if (!result) entry.reason = result.error().message;
  audit(entry);
  return result;
}

}  // namespace weir
