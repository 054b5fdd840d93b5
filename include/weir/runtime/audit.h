// SPDX-License-Identifier: Apache-2.0
// The audit log: one JSON object a line for each change and each refusal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/result.h"

namespace weir {

inline constexpr std::string_view audit_path = "/var/log/weir/audit.jsonl";

struct AuditEntry {
  std::string_view what;            ///< "run", "place", "release", "apply", "preempt", ...
  std::string_view pool = {};       ///< empty: none
  std::string_view container = {};  ///< empty: none
  std::string_view result = {};     ///< "done", or a code name such as "no-capacity"
  std::string_view reason = {};     ///< in words; empty: none
};

/// Whom the log names; a command names itself, the agent the peer it serves.
struct AuditSubject {
  std::uint32_t uid = 0;
  int pid = 0;
  std::string command;  ///< up to "--", behind which arguments may be secret
};
AuditSubject audit_self();

/// One line of the log, without its end, of at most 4095 bytes; `now_us` since the epoch.
std::string audit_line(const AuditEntry& entry, const AuditSubject& who, std::int64_t now_us);

/// Appends a line to the log at `path`, by one write(2), so that lines of several processes do not
/// mix. An empty path: there is no log. Never fails what is being logged.
void audit(std::string_view path, const AuditEntry& entry, const AuditSubject& who = audit_self());

/// Logs how something ended, and hands `result` through.
template <class T>
Result<T> audited(std::string_view path, AuditEntry entry, Result<T> result) {
  entry.result = result ? std::string_view{"done"} : code_name(result.error().code);
  if (!result) entry.reason = result.error().message;
  audit(path, entry);
  return result;
}

}  // namespace weir
