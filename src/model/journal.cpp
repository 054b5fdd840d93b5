// SPDX-License-Identifier: Apache-2.0
#include "weir/model/journal.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

constexpr std::size_t longest_entry = 16'384;  // two paths of 4096 bytes and some words
constexpr std::string_view version_line = "weir 1";
constexpr std::array works{Work::make, Work::place, Work::move, Work::shrink, Work::release};
constexpr std::array stages{MoveStage::preparing, MoveStage::taking};

template <class T, std::size_t n>
bool take_word(const std::array<T, n>& words, std::string_view text, T& out) {
  const auto at = std::ranges::find(words, text, [](T word) { return to_text(word); });
  if (at != words.end()) out = *at;
  return at != words.end();
}

bool take_path(std::string_view text, CgroupPath& out) {
  auto path = CgroupPath::parse(text);
  if (path) out = std::move(*path);
  return path && !out.is_root();
}

bool take_pid(std::string_view text, int& out) {
  const auto pid = to_number<int>(text);
  if (pid) out = *pid;
  return pid && *pid > 0;
}

bool take_limit(std::string_view text, std::string& out) {
  const auto limit = parse_limit(text);
  if (limit) out = *limit ? fmt::format("{}", **limit) : "max";
  return limit.has_value();
}

bool take_field(JournalEntry& entry, std::string_view key, std::string_view value) {
  if (key == "work") return take_word(works, value, entry.work);
  if (key == "stage") return take_word(stages, value, entry.stage);
  if (key == "cgroup") return take_path(value, entry.cgroup);
  if (key == "from") return take_path(value, entry.from);
  if (key == "memory_high") return take_limit(value, entry.memory_high);
  if (key == "pid") return take_pid(value, entry.pid);
  if (key == "stays_frozen") return (entry.stays_frozen = true);
  if (key == "forced") return (entry.forced = true);
  return true;  // a later version's key
}

}  // namespace

std::string_view to_text(Work work) {
  switch (work) {
    case Work::make:
      return "make";
    case Work::place:
      return "place";
    case Work::move:
      return "move";
    case Work::shrink:
      return "shrink";
    case Work::release:
      return "release";
  }
  return "?";
}

std::string_view to_text(MoveStage stage) {
  switch (stage) {
    case MoveStage::preparing:
      return "preparing";
    case MoveStage::taking:
      return "taking";
  }
  return "?";
}

Result<JournalEntry> JournalEntry::parse(std::string_view text) {
  if (text.size() > longest_entry) return fail(Errc::failed, "journal entry is too long");
  const auto lines = split(text, '\n');
  if (lines.empty() || lines.front() != version_line)
    return fail(Errc::failed, "journal entry has an unknown version");
  JournalEntry entry;
  for (const auto line : lines) {
    if (line.empty() || line == version_line) continue;
    const auto gap = std::min(line.find(' '), line.size());
    if (!take_field(entry, line.substr(0, gap), line.substr(std::min(gap + 1, line.size()))))
      return fail(Errc::failed,
                  fmt::format("journal entry: line '{}' is malformed", printable(line, 60)));
  }
  if (entry.cgroup.is_root() || (entry.work == Work::move && entry.from.is_root()))
    return fail(Errc::failed, "journal entry names no cgroup");
  if (entry.work != Work::move) entry.stage = MoveStage::preparing;  // only a move has stages
  return entry;
}

std::string JournalEntry::str() const {
  auto out = fmt::format("{}\nwork {}\ncgroup {}\n", version_line, to_text(work), cgroup.str());
  if (pid > 0) out += fmt::format("pid {}\n", pid);
  if (!from.is_root()) out += fmt::format("from {}\n", from.str());
  if (work == Work::move) out += fmt::format("stage {}\n", to_text(stage));
  if (!memory_high.empty()) out += fmt::format("memory_high {}\n", memory_high);
  if (stays_frozen) out += "stays_frozen 1\n";
  if (forced) out += "forced 1\n";
  return out;
}

}  // namespace weir
