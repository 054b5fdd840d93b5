// SPDX-License-Identifier: Apache-2.0
#include "completion_text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"

namespace weir::cli {
namespace {

struct NamedKind {
  std::string_view name;
  Choice::Kind kind;
};
constexpr std::array named_kinds{
    NamedKind{"POOL", Choice::Kind::pools}, NamedKind{"CONTAINER", Choice::Kind::containers},
    NamedKind{"FILE", Choice::Kind::files}, NamedKind{"DIR", Choice::Kind::directories},
    NamedKind{"USER", Choice::Kind::users},
};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool has_name_of(const FlagNode& flag, const std::vector<const FlagNode*>& others) {
  return std::ranges::any_of(others, [&](const FlagNode* other) {
    return std::ranges::find_first_of(flag.names, other->names) != flag.names.end();
  });
}

void add_commands(const CommandNode& node, const std::string& name, const CommandNode& root,
                  std::vector<FlatCommand>& out) {
  FlatCommand flat{name, &node, {}};
  for (const auto& flag : node.flags) flat.flags.push_back(&flag);
  for (const auto& flag : root.flags) {
    const bool only_alone = std::ranges::find(flag.names, "--version") != flag.names.end();
    if (&node != &root && !only_alone && !has_name_of(flag, flat.flags))
      flat.flags.push_back(&flag);
  }
  out.push_back(std::move(flat));
  for (const auto& child : node.commands)
    add_commands(child, name.empty() ? child.name : fmt::format("{} {}", name, child.name), root,
                 out);
}

}  // namespace

std::vector<Choice> choices_of(std::string_view value) {
  std::vector<Choice> out;
  for (const auto part : split(value, '|')) {
    if (part.empty()) continue;
    if (!is_upper(part.front())) {
      out.push_back({Choice::Kind::word, std::string{part}});
      continue;
    }
    const auto end = std::ranges::find_if_not(part, is_upper);  // "USER[:GROUP]"
    const std::string_view name{part.begin(), end};
    const auto known = std::ranges::find(named_kinds, name, &NamedKind::name);
    if (known != named_kinds.end()) out.push_back({known->kind, {}});
  }
  return out;
}

std::vector<FlatCommand> flatten(const CommandNode& root) {
  std::vector<FlatCommand> out;
  add_commands(root, "", root, out);
  return out;
}

std::string quoted_for_sh(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

}  // namespace weir::cli
