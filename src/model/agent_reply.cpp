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

constexpr std::string_view ticket_word = "ticket ";

/// Its place, and the ticket as it is kept.
std::string listed_text(const ListedTicket& entry) {
  return fmt::format("{}{}{}{}{}", gap, ticket_word, entry.position, gap, trim(entry.ticket.str()));
}

Status take_ticket(std::string_view place, std::string_view text, AgentReply& out) {
  std::size_t position = 0;
  if (!take_number(place.substr(ticket_word.size()), position)) return malformed(place);
  WEIR_TRY(auto ticket, QueueTicket::parse(text));
  out.tickets.push_back({std::move(ticket), position});
  return {};
}

Status take_container(std::string_view facts, std::string_view text, AgentReply& out) {
  WEIR_TRY(auto record, ContainerRecord::parse(text));
  ListedContainer entry{.path = {}, .record = std::move(record)};
  WEIR_CHECK(each_line(facts, [&](const Line& line) { return take_listed(entry, line); }));
  out.containers.push_back(std::move(entry));
  return {};
}

/// The entries that find room.
template <class Entry>
void add_entries(const std::vector<Entry>& entries, std::string& out) {
  for (const auto& entry : entries) {
    const auto more = listed_text(entry);
    if (out.size() + more.size() > longest_reply) break;
    out += more;
  }
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
    const auto entry = take_block(text);
    WEIR_CHECK(facts.starts_with(ticket_word) ? take_ticket(facts, entry, out)
                                              : take_container(facts, entry, out));
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
  add_entries(containers, out);
  add_entries(tickets, out);
  return out;
}

Result<PlaceNotice> PlaceNotice::parse(std::string_view line) {
  if (!line.starts_with(first_word)) return malformed(line);
  const auto said = cut(trim(line.substr(first_word.size())));
  PlaceNotice out;
  if (!take_number(said.key, out.position) || out.position == 0) return malformed(line);
  out.reason = printable(said.value, longest_text);
  return out;
}

std::string PlaceNotice::str() const {
  return fmt::format("{}{} {}\n", first_word, position, printable(reason, longest_text));
}

}  // namespace weir
