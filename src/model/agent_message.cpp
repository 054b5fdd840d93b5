// SPDX-License-Identifier: Apache-2.0
#include "weir/model/agent_message.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "weir/base/text.h"

namespace weir {
namespace {

constexpr std::string_view request_line = "weir request 1";
constexpr std::string_view gap = "\n\n";  // between the head and each record
constexpr std::size_t longest_text = 1000;

constexpr std::array words{
    std::pair{AgentRequest::What::run, std::string_view{"run"}},
    std::pair{AgentRequest::What::await, std::string_view{"await"}},
    std::pair{AgentRequest::What::list, std::string_view{"list"}},
    std::pair{AgentRequest::What::release, std::string_view{"release"}},
    std::pair{AgentRequest::What::queue, std::string_view{"queue"}},
    std::pair{AgentRequest::What::cancel, std::string_view{"cancel"}},
};

std::string_view word_of(AgentRequest::What what) {
  return std::ranges::find(words, what, &std::pair<AgentRequest::What, std::string_view>::first)
      ->second;
}

tl::unexpected<Error> malformed(std::string_view line) {
  return fail(Errc::usage, fmt::format("message: '{}' is not understood", printable(line, 60)));
}

/// Takes the text up to the next empty line off the front.
std::string_view take_block(std::string_view& text) {
  const auto end = std::min(text.find(gap), text.size());
  const auto block = text.substr(0, end);
  text.remove_prefix(std::min(end + gap.size(), text.size()));
  return block;
}

/// "key value" lines behind a first line that must be `first`.
template <class Take>
Status each_line(std::string_view block, std::string_view first, Take take) {
  const auto lines = split(block, '\n');
  if (lines.empty() || lines.front() != first) return malformed(lines.empty() ? "" : lines.front());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto blank = std::min(lines[i].find(' '), lines[i].size());
    const auto value = lines[i].substr(std::min(blank + 1, lines[i].size()));
    if (!take(lines[i].substr(0, blank), value)) return malformed(lines[i]);
  }
  return {};
}

bool take_what(std::string_view text, AgentRequest::What& out) {
  for (const auto& [what, word] : words)
    if (word == text) out = what;
  return word_of(out) == text;
}

bool take_wait(std::string_view text, std::optional<std::chrono::milliseconds>& out) {
  const auto number = to_number<std::int64_t>(text);
  if (number) out = std::chrono::milliseconds{*number};
  return number && *number >= 0 && *number <= wait_for_ever.count();
}

bool take_ticket(std::string_view text, std::uint64_t& out) {
  const auto number = to_number<std::uint64_t>(text);
  if (number) out = *number;
  return number.has_value();
}

bool take_request_field(AgentRequest& request, std::string_view key, std::string_view value) {
  if (key == "what") return take_what(value, request.what);
  if (key == "pool") {
    request.pool = value;
    return value.size() <= longest_text;
  }
  if (key == "leave") return (request.leave = true);
  if (key == "die_with_parent") return (request.die_with_parent = true);
  if (key == "kill") return (request.kill = true);
  if (key == "wait") return take_wait(value, request.wait);
  if (key == "tell") return (request.tell = true);
  if (key == "ticket") return take_ticket(value, request.ticket);
  return true;  // a later version's key
}

Result<ContainerRecord> take_record(std::string_view& text) {
  return ContainerRecord::parse(take_block(text));
}

}  // namespace

Result<AgentRequest> AgentRequest::parse(std::string_view text) {
  if (text.size() > longest_request) return fail(Errc::usage, "message: longer than 8192 bytes");
  const auto head = take_block(text);
  WEIR_TRY(auto asked, take_record(text));
  AgentRequest out{.asked = std::move(asked)};
  WEIR_CHECK(each_line(head, request_line, [&](std::string_view key, std::string_view value) {
    return take_request_field(out, key, value);
  }));
  return out;
}

std::string AgentRequest::str() const {
  auto out = fmt::format("{}\nwhat {}\npool {}", request_line, word_of(what), pool);
  if (leave) out += "\nleave 1";
  if (die_with_parent) out += "\ndie_with_parent 1";
  if (kill) out += "\nkill 1";
  if (wait) out += fmt::format("\nwait {}", wait->count());
  if (tell) out += "\ntell 1";
  if (ticket != 0) out += fmt::format("\nticket {}", ticket);
  return fmt::format("{}{}{}", out, gap, asked.str());
}

}  // namespace weir
