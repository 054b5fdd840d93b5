// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/model/json_cursor.h"

namespace weir {
namespace {

/// The front letter of `text` as Go's encoding/json folds it, taken off. Two letters beyond ASCII
/// fold to k and s.
char fold_next(std::string_view& text) {
  constexpr std::string_view kelvin = "\xE2\x84\xAA", long_s = "\xC5\xBF";
  for (const auto& [letter, plain] : {std::pair{kelvin, 'k'}, std::pair{long_s, 's'}})
    if (text.starts_with(letter)) {
      text.remove_prefix(letter.size());
      return plain;
    }
  const char c = text.front();
  text.remove_prefix(1);
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

struct Edit {
  JsonSpan where;
  std::string text;
};

/// {"a":{"b":VALUE}} for the keys that are missing.
std::string nested(std::span<const std::string_view> path, std::string_view value) {
  std::string out{value};
  for (auto key = path.rbegin(); key != path.rend(); ++key)
    out = fmt::format("{{{}:{}}}", json_quoted(*key), out);
  return out;
}

/// Walks into the object that comes next and notes what is to be replaced for `path`. `at` is where
/// that object begins.
void find_edit(JsonCursor& cursor, std::span<const std::string_view> path, std::string_view value,
               std::optional<Edit>& edit) {
  JsonKeys keys(path.first(1));
  std::string key;
  std::size_t members = 0;
  const auto inside = cursor.position();
  if (!cursor.enter()) return;
  while (cursor.next_key(key)) {
    ++members;
    if (!keys.match(key, cursor)) {
      cursor.skip();
    } else if (path.size() > 1 && cursor.at(JsonKind::object)) {
      find_edit(cursor, path.subspan(1), value, edit);
    } else {
      const auto where = cursor.skip();
      edit = Edit{where, nested(path.subspan(1), value)};
    }
  }
  if (edit) return;
  edit = Edit{{inside + 1, inside + 1},
              fmt::format("{}:{}{}", json_quoted(path.front()), nested(path.subspan(1), value),
                          members > 0 ? "," : "")};
}

}  // namespace

bool same_key_ignoring_case(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty())
    if (fold_next(a) != fold_next(b)) return false;
  return a.empty() && b.empty();
}

std::optional<std::size_t> JsonKeys::match(std::string_view key, JsonCursor& cursor) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!same_key_ignoring_case(key, names_[i])) continue;
    const auto bit = std::uint32_t{1} << i;
    if (key != names_[i]) {
      cursor.mistake(
          fmt::format("key \"{}\" is a variant of \"{}\"", printable(key, 60), names_[i]));
    } else if ((seen_ & bit) != 0) {
      cursor.mistake(fmt::format("key \"{}\" stands there twice", names_[i]));
    } else {
      seen_ |= bit;
      return i;
    }
    return std::nullopt;
  }
  return std::nullopt;
}

Result<std::string> json_set(std::string text, std::span<const std::string_view> path,
                             std::string_view value) {
  JsonCursor cursor(text);
  std::optional<Edit> edit;
  if (!cursor.at(JsonKind::object)) cursor.mistake("expected an object");
  find_edit(cursor, path, value, edit);
  if (!cursor.finish()) return tl::unexpected(cursor.error());
  splice(text, edit->where, edit->text);
  return text;
}

void splice(std::string& text, JsonSpan where, std::string_view with) {
  text.replace(where.begin, where.end - where.begin, with);
}

std::string json_quoted(std::string_view text) {
  std::string out{"\""};
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out += '"';
}

}  // namespace weir
