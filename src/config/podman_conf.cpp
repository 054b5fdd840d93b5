// SPDX-License-Identifier: Apache-2.0
#include "weir/config/podman_conf.h"

#include <algorithm>

#include "toml_tree.h"

namespace weir {
namespace {

const config::TomlNode* entry(const config::TomlNode& table, std::string_view key) {
  const auto at = std::ranges::find(table.entries, key, &config::TomlEntry::key);
  return at == table.entries.end() ? nullptr : &at->value;
}

}  // namespace

std::optional<std::vector<std::string>> podman_hook_dirs(std::string_view containers_conf) {
  const auto root = config::read_toml(containers_conf, Errc::config);
  if (!root) return std::nullopt;
  const auto* engine = entry(*root, "engine");
  const auto* dirs = engine ? entry(*engine, "hooks_dir") : nullptr;
  if (!dirs || dirs->kind != config::TomlKind::array) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& item : dirs->items)
    if (item.kind == config::TomlKind::string) out.push_back(item.string);
  return out;
}

}  // namespace weir
