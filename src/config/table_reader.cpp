// SPDX-License-Identifier: Apache-2.0
#include "table_reader.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "weir/base/text.h"

namespace weir::config {
namespace {

std::string_view with_article(TomlKind kind) {
  switch (kind) {
    case TomlKind::boolean:
      return "a boolean";
    case TomlKind::integer:
      return "an integer";
    case TomlKind::real:
      return "a number with a fraction";
    case TomlKind::string:
      return "a string";
    case TomlKind::datetime:
      return "a date or time";
    case TomlKind::array:
      return "an array";
    case TomlKind::table:
      return "a table";
  }
  return "";
}

/// What other tools call the same thing: no edit distance finds these.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> other_words{{
    {"weight", "shares"},
    {"weights", "shares"},
    {"max", "limit"},
    {"quota", "limit"},
    {"cap", "limit"},
    {"min", "reservation"},
    {"low", "reservation"},
    {"guarantee", "reservation"},
    {"requests", "request"},
    {"mem", "memory"},
    {"cpuset", "cpus"},
    {"scheduler", "policy"},
}};

/// In the order in which they were asked for.
std::vector<std::string_view> without_repeats(const std::vector<std::string_view>& keys) {
  std::vector<std::string_view> out;
  for (const auto key : keys)
    if (std::ranges::find(out, key) == out.end()) out.push_back(key);
  return out;
}

std::string unknown_hint(std::string_view key, const std::vector<std::string_view>& known) {
  for (const auto& [word, ours] : other_words)
    if (key == word && std::ranges::find(known, ours) != known.end())
      return fmt::format("did you mean '{}'?", ours);
  if (auto hint = did_you_mean(key, known); !hint.empty()) return hint;
  const bool in_pool = std::ranges::find(known, "pids") != known.end();
  if (in_pool && (key == "limit" || key == "reservation"))
    return fmt::format("say of what: cpu = {{ {0} = 2 }} or memory = {{ {0} = \"1GiB\" }}", key);
  return fmt::format("known here: {}", fmt::join(known, ", "));
}

}  // namespace

void Field::error(std::string_view why, std::string hint) const {
  report.error(node.at, key, why, std::move(hint));
}

void Field::warning(std::string_view why, std::string hint) const {
  report.warning(node.at, key, why, std::move(hint));
}

void Field::expected(std::string_view what, std::string hint) const {
  error(fmt::format("expected {}, found {}", what, with_article(node.kind)), std::move(hint));
}

TableReader::TableReader(const Field& table) : table_(table) {
  constexpr std::size_t most_keys = 24;  // of a pool's table
  known_.reserve(most_keys);
  if (table.node.kind != TomlKind::table) table.expected("a table");
}

const TomlNode* TableReader::find(std::string_view key) {
  known_.push_back(key);
  const auto& entries = table_.node.entries;
  const auto found = std::ranges::find(entries, key, &TomlEntry::key);
  return found == entries.end() ? nullptr : &found->value;
}

Field TableReader::field(std::string_view key, const TomlNode& node) const {
  std::string full;
  full.reserve(table_.key.size() + 1 + key.size());
  if (!table_.key.empty()) full.append(table_.key) += '.';
  full += key;
  return {table_.report, std::move(full), node};
}

void TableReader::finish() {
  for (const auto& [key, at, value] : table_.node.entries) {
    if (std::ranges::find(known_, key) != known_.end()) continue;
    table_.report.error(at, field(key, value).key, "unknown key",
                        unknown_hint(key, without_repeats(known_)));
  }
}

}  // namespace weir::config
