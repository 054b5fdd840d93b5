// SPDX-License-Identifier: Apache-2.0
#include "edit_lines.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "weir/base/text.h"

#include "toml_scan.h"

namespace weir::config {
namespace {

/// One line, or lines, of the file: a header, a key with its value, or neither.
struct Line {
  std::size_t begin = 0, end = 0;
  bool header = false;
  std::optional<KeyPath> path;  ///< from the root; absent for blank lines and comments
  std::size_t value = 0;        ///< behind the "="
};

bool starts_with(const KeyPath& path, const KeyPath& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

/// Of the first `mark` outside of quotes, or npos.
std::size_t find_outside_quotes(std::string_view text, char mark) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '"' && c == '\\')
      ++i;
    else if (quote != 0)
      quote = c == quote ? '\0' : quote;
    else if (c == mark)
      return i;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '#')
      return std::string_view::npos;
  }
  return std::string_view::npos;
}

KeyPath path_of_header(std::string_view line) {
  line = trim(line);
  // The table of an array is a place no dotted key leads to.
  if (line.starts_with("[[")) return {"[["};
  const auto end = find_outside_quotes(line, ']');
  if (end == std::string_view::npos) return {"[["};
  auto path = parse_key(line.substr(1, end - 1));
  return path ? *path : KeyPath{"[["};
}

std::vector<Line> lines_of(std::string_view text) {
  const auto scan = scan_toml(text);
  std::vector<Line> out;
  KeyPath section;
  for (std::size_t i = 0; i < scan.statements.size(); ++i) {
    const auto begin = scan.statements[i].begin;
    const auto end = i + 1 < scan.statements.size() ? scan.statements[i + 1].begin : text.size();
    const auto line = text.substr(begin, end - begin);
    Line parsed{begin, end, scan.statements[i].header, std::nullopt, 0};
    if (parsed.header) {
      section = path_of_header(line);
      parsed.path = section;
    } else if (const auto equals = find_outside_quotes(line, '='); equals != line.npos) {
      if (auto key = parse_key(line.substr(0, equals))) {
        parsed.path = section;
        parsed.path->insert(parsed.path->end(), key->begin(), key->end());
        parsed.value = begin + equals + 1;
      }
    }
    out.push_back(std::move(parsed));
  }
  return out;
}

/// The new value behind the "=", with the comment that stood behind the old one.
void replace_value(std::string& text, const Line& line, const std::string& value) {
  const std::string_view old = std::string_view{text}.substr(line.value, line.end - line.value);
  const auto row = old.substr(0, old.find_first_of("\r\n"));
  std::string comment;
  // Behind a value of several lines it is not clear what a comment belongs to.
  const bool one_line = trim(old.substr(row.size())).empty();
  const auto mark = one_line ? find_outside_quotes(row, '#') : row.npos;
  if (mark != row.npos) comment = row.substr(row.substr(0, mark).find_last_not_of(" \t") + 1);
  text.replace(line.value, line.end - line.value, fmt::format(" {}{}\n", value, comment));
}

/// Behind the last value of the deepest section that leads to `key`, which is made where there is
/// none.
void insert_value(std::string& text, const std::vector<Line>& lines, const KeyPath& section,
                  const KeyPath& key, const std::string& value) {
  const Line* deepest = nullptr;
  for (const auto& line : lines)
    if (line.header && line.path && starts_with(key, *line.path) &&
        line.path->size() >= section.size() &&
        (deepest == nullptr || line.path->size() > deepest->path->size()))
      deepest = &line;
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  if (deepest == nullptr) {
    const KeyPath rest(key.begin() + static_cast<std::ptrdiff_t>(section.size()), key.end());
    text += fmt::format("{}[{}]\n{} = {}\n", text.empty() ? "" : "\n", write_key(section),
                        write_key(rest), value);
    return;
  }
  auto at = std::min(deepest->end, text.size());
  for (auto line = deepest + 1; line != lines.data() + lines.size() && !line->header; ++line)
    if (line->path) at = std::min(line->end, text.size());
  if (at == text.size() || text[at - 1] == '\n') {
    const KeyPath rest(key.begin() + static_cast<std::ptrdiff_t>(deepest->path->size()), key.end());
    text.insert(at, fmt::format("{} = {}\n", write_key(rest), value));
  }
}

}  // namespace

const TomlNode* find_value(const TomlNode& root, const KeyPath& path) {
  const auto* at = &root;
  for (const auto& part : path) {
    const auto found = std::ranges::find(at->entries, part, &TomlEntry::key);
    if (found == at->entries.end()) return nullptr;
    at = &found->value;
  }
  return at;
}

void edit_lines(std::string& text, const KeyPath& section, const KeyPath& key,
                const TomlNode& wanted) {
  const auto lines = lines_of(text);
  // The key itself, or an inline table that contains it.
  for (const auto& line : lines) {
    if (line.header || !line.path || !starts_with(key, *line.path)) continue;
    const auto* value = find_value(wanted, *line.path);
    if (value == nullptr)
      text.erase(line.begin, line.end - line.begin);
    else
      replace_value(text, line, write_value(*value));
    return;
  }
  if (const auto* value = find_value(wanted, key)) {
    insert_value(text, lines, section, key, write_value(*value));
    return;
  }
  // A whole group of keys goes, the last line first so that the places before it stay right.
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (line->path && starts_with(*line->path, key))
      text.erase(line->begin, line->end - line->begin);
}

}  // namespace weir::config
