// SPDX-License-Identifier: Apache-2.0
#include "toml_write.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "weir/base/text.h"

namespace weir::config {
namespace {

constexpr std::size_t most_parts = 8;

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

/// Shortest form that reads back the same, and as a number with a fraction.
std::string write_real(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  auto text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

/// One part off the front of `text`, quoted or bare; nothing where there is none.
std::optional<std::string> take_part(std::string_view& text) {
  const bool is_quoted = text.starts_with('"') || text.starts_with('\'');
  const auto end =
      is_quoted ? text.find(text.front(), 1)
                : static_cast<std::size_t>(std::ranges::find_if_not(text, is_bare) - text.begin());
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(is_quoted ? 1 : 0, is_quoted ? end - 1 : end);
  text.remove_prefix(is_quoted ? end + 1 : end);
  // An escape in a quoted key would need the library's reading; nobody writes one.
  if (part.find('\\') != std::string_view::npos) return std::nullopt;
  return std::string{part};
}

void write_entries(const TomlNode& table, KeyPath& prefix, std::string& out) {
  for (const auto& [key, at, value] : table.entries) {
    prefix.push_back(key);
    if (value.kind == TomlKind::table && !value.entries.empty())
      write_entries(value, prefix, out);
    else
      out += fmt::format("{} = {}\n", write_key(prefix), write_value(value));
    prefix.pop_back();
  }
}

void write_section(const KeyPath& header, const TomlNode& table, std::string& out) {
  if (!out.empty()) out += '\n';
  out += fmt::format("[{}]\n", write_key(header));
  KeyPath prefix;
  write_entries(table, prefix, out);
}

}  // namespace

Result<KeyPath> parse_key(std::string_view text) {
  const auto malformed = [whole = text] {
    return fail(Errc::usage, fmt::format("'{}' is not a key", printable(whole, 80)),
                "keys are dotted, such as memory.limit");
  };
  KeyPath out;
  text = trim(text);
  for (;;) {
    auto part = take_part(text);
    if (!part || out.size() >= most_parts) return malformed();
    out.push_back(std::move(*part));
    text = trim(text);
    if (text.empty()) return out;
    if (text.front() != '.') return malformed();
    text = trim(text.substr(1));
  }
}

std::string write_key(const KeyPath& path) {
  std::string out;
  for (const auto& part : path) {
    if (!out.empty()) out += '.';
    out += !part.empty() && std::ranges::all_of(part, is_bare) ? part : in_quotes(part);
  }
  return out;
}

std::string write_value(const TomlNode& value) {
  switch (value.kind) {
    case TomlKind::boolean:
      return value.boolean ? "true" : "false";
    case TomlKind::integer:
      return fmt::format("{}", value.integer);
    case TomlKind::real:
      return write_real(value.real);
    case TomlKind::string:
      return in_quotes(value.string);
    case TomlKind::datetime:
      return value.string;
    case TomlKind::array: {
      std::vector<std::string> items;
      for (const auto& item : value.items) items.push_back(write_value(item));
      return fmt::format("[{}]", fmt::join(items, ", "));
    }
    case TomlKind::table: {
      std::vector<std::string> items;
      for (const auto& [key, at, item] : value.entries)
        items.push_back(fmt::format("{} = {}", write_key({key}), write_value(item)));
      return items.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(items, ", "));
    }
  }
  return {};
}

std::string write_document(const TomlNode& root) {
  std::string out;
  for (const auto& [key, at, value] : root.entries)
    if (value.kind != TomlKind::table)
      out += fmt::format("{} = {}\n", write_key({key}), write_value(value));
  for (const auto& [key, at, value] : root.entries) {
    if (value.kind != TomlKind::table) continue;
    const bool groups = std::ranges::all_of(
        value.entries, [](const TomlEntry& entry) { return entry.value.kind == TomlKind::table; });
    if (!groups || value.entries.empty()) {
      write_section({key}, value, out);
      continue;
    }
    for (const auto& [name, place, inner] : value.entries) write_section({key, name}, inner, out);
  }
  return out;
}

bool same_values(const TomlNode& a, const TomlNode& b) {
  if (a.kind != b.kind || a.boolean != b.boolean || a.integer != b.integer ||
      a.string != b.string || a.items.size() != b.items.size() ||
      a.entries.size() != b.entries.size())
    return false;
  if (a.real != b.real && !(std::isnan(a.real) && std::isnan(b.real))) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!same_values(a.items[i], b.items[i])) return false;
  return std::ranges::all_of(a.entries, [&](const TomlEntry& entry) {
    const auto other = std::ranges::find(b.entries, entry.key, &TomlEntry::key);
    return other != b.entries.end() && same_values(entry.value, other->value);
  });
}

}  // namespace weir::config
