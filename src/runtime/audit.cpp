// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/audit.h"

#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/append_log.h"
#include "weir/cgroup/identity.h"

namespace weir {
namespace {

constexpr std::size_t longest_command = 512, longest_reason = 2048, longest_name = 128;

/// A JSON string. printable() has made control characters and what is no UTF-8 harmless.
std::string quoted(std::string_view text, std::size_t most) {
  std::string out = "\"";
  for (const char c : printable(text, most)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string quoted_or_null(std::string_view text, std::size_t most) {
  return text.empty() ? "null" : quoted(text, most);
}

}  // namespace

AuditSubject audit_self() {
  const auto caller = self();
  return {caller.uid, caller.pid, own_command_line()};
}

std::string audit_line(const AuditEntry& entry, const AuditSubject& who, std::int64_t now_us) {
  auto line = fmt::format(
      R"({{"time":"{}","who":{{"uid":{},"pid":{},"command":{}}},)"
      R"("what":{},"pool":{},"container":{},"result":{},"reason":)",
      utc_text(now_us), who.uid, who.pid, quoted(who.command, longest_command),
      quoted(entry.what, longest_name), quoted_or_null(entry.pool, longest_name),
      quoted_or_null(entry.container, longest_name), quoted(entry.result, longest_name));
  // Every byte may need a backslash; a line that would be too long has a shorter reason.
  for (auto most = longest_reason;; most /= 2) {
    const auto reason = quoted_or_null(entry.reason, most);
    if (line.size() + reason.size() + 1 < longest_log_line) return line + reason + "}";
  }
}

void audit(std::string_view path, const AuditEntry& entry, const AuditSubject& who) {
  if (path.empty()) return;
  ignore(append_line(std::string{path}, audit_line(entry, who, wall_us())),
         "what is logged has happened, whether or not the log can be written");
}

}  // namespace weir
