// SPDX-License-Identifier: Apache-2.0
#include "toml_scan.h"

#include <algorithm>

namespace weir::config {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// Part of a bare key, a number or a gap: nothing begins or ends in it.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || c == ' ' || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         (c >= 'A' && c <= 'Z');
}

/// One open bracket, or the outermost level.
struct Level {
  bool table = true;
  bool in_key = true;
  std::size_t dots = 0;  // of the dotted key that leads to what is open now
  std::size_t at = 0;    // of the bracket
};

/// A line that begins so starts a section, even where a bracket was left open before it.
bool starts_section(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos || line[first] != '[') return false;
  line.remove_prefix(first + 1);
  if (line.starts_with('[')) line.remove_prefix(1);
  for (const std::string_view name : {"pool", "host", "hook", "runtime"}) {
    if (!line.starts_with(name) || line.size() == name.size()) continue;
    if (line[name.size()] == '.' || line[name.size()] == ']') return true;
  }
  return false;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  TomlScan run() {
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    begin_line();
    while (at_ < text_.size() && !out_.too_deep) step();
    note_unclosed();
    return std::move(out_);
  }

 private:
  void step() {
    while (is_plain(text_[at_]))
      if (++at_ == text_.size()) return;
    const char c = text_[at_];
    if (c == '"' || c == '\'') return skip_string(c);
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return;
    }
    if (!is_ascii(c)) note_stray();
    ++at_;
    if (c == '\n') {
      ++line_;
      begin_line();
    } else {
      punctuation(c);
    }
  }

  void begin_line() {
    const auto rest = text_.substr(at_, text_.find('\n', at_) - at_);
    if (levels_.size() > 1 && !starts_section(rest)) return;
    note_unclosed();
    levels_.assign(1, Level{});
    const auto first = rest.find_first_not_of(" \t");
    const bool header = first != std::string_view::npos && rest[first] == '[';
    out_.statements.push_back({at_, line_, header, std::nullopt});
  }

  void note_stray() {
    if (!out_.stray) out_.stray = at_;
  }

  void note_unclosed() {
    if (levels_.size() > 1 && !out_.statements.empty())
      out_.statements.back().unclosed = levels_[1].at;
  }

  void punctuation(char c) {
    auto& level = levels_.back();
    switch (c) {
      case '{':
        return open({true, true});
      case '[':
        // At the outermost level, before "=", it is a header's.
        if (levels_.size() > 1 || !level.in_key) open({false, false});
        return;
      case '}':
      case ']':
        if (levels_.size() > 1) levels_.pop_back();
        return;
      case '=':
        level.in_key = false;
        return;
      case ',':
        if (level.table && levels_.size() > 1) level = Level{};
        return;
      case '.':
        if (level.in_key) ++level.dots;
        return check_depth();
      default:
        return;
    }
  }

  void open(Level level) {
    level.at = at_ - 1;
    levels_.push_back(level);
    check_depth();
  }

  void check_depth() {
    std::size_t depth = levels_.size();
    for (const auto& level : levels_) depth += level.dots;
    if (depth > max_toml_depth) out_.too_deep = at_ - 1;
  }

  void skip_string(char quote) {
    const bool multi = text_.substr(at_).starts_with(quote == '"' ? "\"\"\"" : "'''");
    at_ += multi ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && !multi) return;  // unterminated: the library stops here
      if (c == '\\' && quote == '"') {
        skip_escape(multi);
        continue;
      }
      ++at_;
      if (c == '\n') ++line_;
      if (c == quote && (!multi || closes(quote))) return;
    }
  }

  /// The backslash and what it takes with it: at a line's end, all blanks up to the next text.
  void skip_escape(bool multi) {
    ++at_;
    if (!multi && text_.substr(at_).starts_with('\n')) return;
    const auto next = text_.find_first_not_of(" \t\r\n", at_);
    const bool at_end = next == std::string_view::npos;
    if (multi && next != at_) {
      const auto end = at_end ? text_.size() : next;
      for (; at_ < end; ++at_) line_ += text_[at_] == '\n' ? 1U : 0U;
    } else if (!at_end && is_ascii(text_[at_])) {
      ++at_;
      return;
    }
    if (!at_end && !is_ascii(text_[at_])) note_stray();
  }

  /// Behind the first of three closing quotes; up to two more may belong to the string's end.
  bool closes(char quote) {
    const auto end = std::min(text_.find_first_not_of(quote, at_), text_.size());
    if (end - at_ < 2) return false;
    at_ = std::min(end, at_ + 4);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::vector<Level> levels_{Level{}};
  TomlScan out_;
};

}  // namespace

TomlScan scan_toml(std::string_view text) { return Scanner(text).run(); }

}  // namespace weir::config
