// SPDX-License-Identifier: Apache-2.0
#include "syntax_text.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"

namespace weir::config {
namespace {

constexpr std::string_view redefined = "cannot redefine existing ";
constexpr std::string_view lead_in = "Error while parsing ";

struct Parts {
  std::string_view where;  // "key-value pair"
  std::string_view why;
};

Parts parts_of(std::string_view what) {
  if (!what.starts_with(lead_in)) return {{}, what};
  what.remove_prefix(lead_in.size());
  const auto colon = what.find(": ");
  if (colon == std::string_view::npos) return {{}, what};
  return {what.substr(0, colon), what.substr(colon + 2)};
}

/// "integer 'shares'" -> "shares", where nothing follows the name.
std::string_view quoted_name(std::string_view text) {
  const auto first = text.find('\'');
  if (first == std::string_view::npos || text.size() < first + 3 || !text.ends_with('\''))
    return {};
  return text.substr(first + 1, text.size() - first - 2);
}

std::string_view first_line(std::string_view statement) {
  return statement.substr(0, statement.find('\n'));
}

/// For `limit = 4GiB`: most syntax errors in a value are a string without its quotes.
std::string quotes_hint(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  auto value = line.substr(equals + 1);
  value = trim(value.substr(0, value.find('#')));
  if (value.empty() || value.size() > 60) return {};
  if (value == "True" || value == "TRUE" || value == "False" || value == "FALSE")
    return "write true and false in lower case";
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"%./_*-@"}.find(c) != std::string_view::npos;
  };
  const bool only_digits = value.find_first_not_of("0123456789.-eE") == std::string_view::npos;
  if (only_digits || !std::ranges::all_of(value, plain)) return {};
  return fmt::format("text needs quotes: \"{}\"", value);
}

SourcePos first_word(std::string_view statement, SourcePos begin) {
  const auto blanks = first_line(statement).find_first_not_of(" \t");
  if (blanks != std::string_view::npos) begin.column += static_cast<std::uint32_t>(blanks);
  return begin;
}

}  // namespace

SourcePos place_of(std::string_view text, std::size_t offset, std::size_t file) {
  const auto before = text.substr(0, offset);
  const auto line = static_cast<std::uint32_t>(std::ranges::count(before, '\n')) + 1;
  const auto column = offset - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  return {file, line, static_cast<std::uint32_t>(column)};
}

std::size_t offset_of(std::string_view text, SourcePos at) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < at.line; ++line) {
    const auto end = text.find('\n', begin);
    if (end == std::string_view::npos) return text.size();
    begin = end + 1;
  }
  const auto end = std::min(text.find('\n', begin), text.size());
  return std::min(begin + at.column - 1, end);
}

bool stands_twice(std::string_view what) {
  const auto why = parts_of(what).why;
  if (!why.starts_with(redefined) || !why.substr(redefined.size()).starts_with("table '"))
    return false;
  const auto name = quoted_name(why);
  if (name == "host" || name == "hook" || name == "runtime") return true;
  constexpr std::string_view pool = "pool.";
  return name.starts_with(pool) && name.find('.', pool.size()) == std::string_view::npos;
}

Explained explain_fault(const TomlFault& fault, std::string_view statement, SourcePos begin) {
  const auto [where, why] = parts_of(fault.what);
  const bool one_line = fault.at.line == begin.line;
  if (why.starts_with(redefined)) {
    const auto name = quoted_name(why);
    // The library points behind the second one; a whole line is better pointed at from its front.
    const auto at = one_line && first_line(statement).find('{') == std::string_view::npos
                        ? first_word(statement, begin)
                        : fault.at;
    if (!name.empty())
      return {at, fmt::format("'{}' is set twice", printable(name)), "keep one of the two"};
    return {at, fmt::format("syntax error: {}", printable(why, 300)), {}};
  }
  const auto in = where.empty() ? std::string{} : fmt::format(" in {}", where);
  return {fault.at, fmt::format("syntax error{}: {}", in, printable(why, 300)),
          one_line ? quotes_hint(first_line(statement)) : std::string{}};
}

Explained explain_stray(std::string_view text, std::size_t offset, std::size_t file) {
  const auto rest = text.substr(offset);
  const auto character = rest.substr(0, utf8_length(rest));
  std::string hint;
  for (const std::string_view quote : {"\u201C", "\u201D", "\u201E", "\u2018", "\u2019"})
    if (character == quote) hint = "write plain quotes: \"";
  if (character == "\u00A0") hint = "this is a no-break space: type a plain one";
  return {place_of(text, offset, file),
          fmt::format("syntax error: '{}' may stand only in quoted text and in comments",
                      printable(character)),
          std::move(hint)};
}

}  // namespace weir::config
