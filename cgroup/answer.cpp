// SPDX-License-Identifier: Apache-2.0
// What a child hears from the agent that it asked.
#include <array>
#include <cerrno>
#include <poll.h>
#include <unistd.h>

#include "weir/cgroup/spawn.h"

namespace weir {
namespace {

void take_notices(std::string& text, const Question& question, const AnswerReader& reader) {
  while (!question.notice.empty() && text.starts_with(question.notice)) {
    const auto end = text.find('\n');
    if (end == std::string::npos) return;
    reader.take_notice(std::string_view{text}.substr(0, end + 1));
    text.erase(0, end + 1);
  }
}

}  // namespace

std::optional<std::string> read_answer(const UniqueFd& answer, const Question& question,
                                       const AnswerReader& reader) {
  std::string text, room(question.longest_answer, '\0');
  while (text.size() < question.longest_answer) {
    std::array<pollfd, 2> watched{pollfd{answer.get(), POLLIN, 0},
                                  pollfd{reader.interrupt, POLLIN, 0}};
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) break;
    if (watched[1].revents != 0 && reader.interrupted()) return std::nullopt;
    if (watched[0].revents == 0) continue;
    const auto n = ::read(answer.get(), room.data(), question.longest_answer - text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(room, 0, static_cast<std::size_t>(n));
    take_notices(text, question, reader);
  }
  return text;
}

}  // namespace weir
