// SPDX-License-Identifier: Apache-2.0
#include "weir/config/edit.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "weir/base/text.h"
#include "weir/config/parse.h"

#include "edit_lines.h"

namespace weir {
namespace config {
namespace {

/// Keys whose value is text even where it looks like a number: cpus=3.
const std::set<std::string_view> text_keys{"parent",  "policy",   "mode", "cpus",       "seccomp",
                                           "preempt", "on_error", "oom",  "slice_time", "work"};
/// Keys whose value is a list: spill=batch,night.
const std::set<std::string_view> list_keys{"spill", "users", "groups", "cgroup_parent", "uid"};

/// "200", "-5", "1.5": what TOML takes as a number as well. Nothing else is guessed at.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.size() < 16 &&
           part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return digits(whole) && (whole == "0" || whole.front() != '0') &&
         (point == std::string_view::npos || digits(text.substr(point + 1)));
}

TomlNode text_node(std::string_view text) {
  TomlNode node;
  node.kind = TomlKind::string;
  node.string = text;
  return node;
}

/// One value as it is typed on a command line: TOML where it looks like it, else text.
Result<TomlNode> scalar_node(std::string_view text) {
  const bool is_toml = is_number(text) || text == "true" || text == "false" ||
                       text.starts_with('[') || text.starts_with('{') || text.starts_with('"');
  if (!is_toml) return text_node(text);
  WEIR_TRY(auto root, read_toml(fmt::format("x = {}", text), Errc::usage));
  if (root.entries.size() != 1)
    return fail(Errc::usage, fmt::format("'{}' is not one value", printable(text, 80)));
  return std::move(root.entries.front().value);
}

Result<TomlNode> node_of(const KeyPath& key, std::string_view text) {
  if (text.find_first_of("\r\n") != std::string_view::npos)
    return fail(Errc::usage, "a value is one line");
  const bool in_map =
      key.size() > 2 && key[0] == "match" && (key[1] == "env" || key[1] == "annotation");
  if (in_map || text_keys.contains(key.back())) return text_node(text);
  if (!list_keys.contains(key.back()) || text.starts_with('[')) return scalar_node(text);
  TomlNode list;
  list.kind = TomlKind::array;
  for (const auto item : split(text, ',')) {
    WEIR_TRY(auto node, key.back() == "uid" ? scalar_node(trim(item)) : text_node(trim(item)));
    list.items.push_back(std::move(node));
  }
  return list;
}

Status set_value(TomlNode& root, const KeyPath& path, TomlNode value) {
  auto* at = &root;
  for (const auto& part : path) {
    if (at->kind != TomlKind::table)
      return fail(Errc::usage,
                  fmt::format("'{}' goes through a value that is no table", write_key(path)));
    auto found = std::ranges::find(at->entries, part, &TomlEntry::key);
    if (found == at->entries.end()) {
      at->entries.push_back({part, {}, {}});
      found = std::prev(at->entries.end());
    }
    at = &found->value;
  }
  *at = std::move(value);
  return {};
}

/// Takes `path` away, and the tables that are empty without it; the first `keep` parts stay.
void remove_value(TomlNode& at, const KeyPath& path, std::size_t depth, std::size_t keep) {
  const auto found = std::ranges::find(at.entries, path[depth], &TomlEntry::key);
  if (found == at.entries.end()) return;
  if (depth + 1 < path.size()) {
    remove_value(found->value, path, depth + 1, keep);
    if (!found->value.entries.empty() || found->value.kind != TomlKind::table) return;
  }
  if (depth >= keep) at.entries.erase(found);
}

/// A header may stay behind without keys; below the pool that means nothing.
void drop_empty(TomlNode& node, std::size_t depth, std::size_t keep) {
  for (auto& entry : node.entries) drop_empty(entry.value, depth + 1, keep);
  if (depth < keep) return;
  std::erase_if(node.entries, [](const TomlEntry& entry) {
    return entry.value.kind == TomlKind::table && entry.value.entries.empty();
  });
}

}  // namespace
}  // namespace config

Result<std::string> edit_pool_text(std::string_view old_text, const PoolName& pool,
                                   const std::vector<KeyValue>& changes) {
  using namespace config;
  const KeyPath section{"pool", pool.str()};
  WEIR_TRY(auto wanted, read_toml(old_text, Errc::config));
  std::string text{old_text};
  if (find_value(wanted, section) == nullptr) {
    WEIR_CHECK(set_value(wanted, section, {}));
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", write_key(section));
  }
  for (const auto& [key_text, value] : changes) {
    WEIR_TRY(const auto key, parse_key(key_text));
    auto path = section;
    path.insert(path.end(), key.begin(), key.end());
    if (value.empty()) {
      remove_value(wanted, path, 0, section.size());
    } else {
      WEIR_TRY(auto node, node_of(key, value));
      WEIR_CHECK(set_value(wanted, path, std::move(node)));
    }
    edit_lines(text, section, path, wanted);
  }
  // Few lines changed is a wish, the right values are a must.
  auto edited = read_toml(text, Errc::config);
  if (edited) drop_empty(*edited, 0, section.size());
  drop_empty(wanted, 0, section.size());
  return edited && same_values(*edited, wanted) ? text : write_document(wanted);
}

}  // namespace weir
