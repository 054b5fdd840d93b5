// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/model/agent_message.h"

namespace weir {
namespace {

constexpr std::string_view reply_line = "weir reply 1";
constexpr std::string_view gap = "\n\n";
constexpr std::size_t longest_text = 1000;
constexpr std::array codes{Errc::failed,      Errc::usage,  Errc::config,    Errc::unsupported,
                           Errc::no_capacity, Errc::denied, Errc::not_found, Errc::conflict};

tl::unexpected<Error> malformed(std::string_view line) {
  return fail(Errc::failed,
              fmt::format("the agent's answer '{}' is not understood", printable(line, 60)));
}

std::string_view take_block(std::string_view& text) {
  const auto end = std::min(text.find(gap), text.size());
  const auto block = text.substr(0, end);
  text.remove_prefix(std::min(end + gap.size(), text.size()));
  return block;
}

struct Line {
  std::string_view key, value;
};

Line cut(std::string_view line) {
  const auto blank = std::min(line.find(' '), line.size());
  return {line.substr(0, blank), line.substr(std::min(blank + 1, line.size()))};
}

template <class T>
bool take_number(std::string_view text, T& out) {
  const auto number = to_number<T>(text);
  if (number) out = *number;
  return number && *number >= T{0};
}

bool take_path(std::string_view text, CgroupPath& out) {
  auto path = CgroupPath::parse(text);
  if (path) out = std::move(*path);
  return path.has_value();
}

bool take_code(std::string_view text, Errc& out) {
  const auto found = std::ranges::find(codes, text, code_name);
  if (found != codes.end()) out = *found;
  return found != codes.end();
}

bool take_field(AgentReply& reply, const Line& line) {
  auto error = [&]() -> Error& { return reply.error ? *reply.error : reply.error.emplace(); };
  if (line.key == "code") return take_code(line.value, error().code);
  if (line.key == "message") {
    error().message = printable(line.value, longest_text);
    return true;
  }
  if (line.key == "hint") {
    error().hint = printable(line.value, longest_text);
    return true;
  }
  if (line.key == "path") return take_path(line.value, reply.path);
  if (line.key == "killed") return (reply.killed = true);
  return true;
}

bool take_listed(ListedContainer& out, const Line& line) {
  if (line.key == "path") return take_path(line.value, out.path);
  if (line.key == "frozen") return (out.frozen = true);
  if (line.key == "pids") return take_number(line.value, out.pids);
  if (line.key == "entitlement") return take_number(line.value, out.entitlement.value);
  if (line.key == "memory") return take_number(line.value, out.memory.value);
  if (line.key == "usage") return take_number(line.value, out.usage.emplace().value);
  return true;
}

template <class Take>
Status each_line(std::string_view block, Take take) {
  for (const auto line : split(block, '\n'))
    if (!take(cut(line))) return malformed(line);
  return {};
}

std::string listed_text(const ListedContainer& entry) {
  auto out = fmt::format("{}path {}\npids {}\nentitlement {}\nmemory {}", gap, entry.path.str(),
                         entry.pids, entry.entitlement.value, entry.memory.value);
  if (entry.frozen) out += "\nfrozen 1";
  if (entry.usage) out += fmt::format("\nusage {}", entry.usage->value);
  return out + std::string{gap} + std::string{trim(entry.record.str())};
}

}  // namespace

Result<AgentReply> AgentReply::parse(std::string_view text) {
  if (text.size() > longest_reply) return malformed("(too long)");
  AgentReply out;
  const auto head = take_block(text);
  if (head.substr(0, head.find('\n')) != reply_line) return malformed(head);
  WEIR_CHECK(each_line(head, [&](const Line& line) { return take_field(out, line); }));
  while (!text.empty()) {
    const auto facts = take_block(text);
    auto record = ContainerRecord::parse(take_block(text));
    if (!record) return pass(std::move(record));
    ListedContainer entry{.path = {}, .record = std::move(*record)};
    WEIR_CHECK(each_line(facts, [&](const Line& line) { return take_listed(entry, line); }));
    out.containers.push_back(std::move(entry));
  }
  return out;
}

std::string AgentReply::str() const {
  std::string out{reply_line};
  if (error)
    out += fmt::format("\ncode {}\nmessage {}\nhint {}", code_name(error->code),
                       printable(error->message, 2 * longest_text),
                       printable(error->hint, 2 * longest_text));
  if (!path.is_root()) out += fmt::format("\npath {}", path.str());
  if (killed) out += "\nkilled 1";
  for (const auto& entry : containers) {
    const auto more = listed_text(entry);
    if (out.size() + more.size() > longest_reply) break;
    out += more;
  }
  return out;
}

}  // namespace weir
