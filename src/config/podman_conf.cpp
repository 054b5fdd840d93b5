// SPDX-License-Identifier: Apache-2.0
#include "weir/config/podman_conf.h"

#include <algorithm>

#include "weir/base/text.h"

#include "toml_scan.h"
#include "toml_tree.h"

namespace weir {
namespace {

const config::TomlNode* entry(const config::TomlNode& table, std::string_view key) {
  const auto at = std::ranges::find(table.entries, key, &config::TomlEntry::key);
  return at == table.entries.end() ? nullptr : &at->value;
}

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const auto length = text.front() == '\0' ? 0 : utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::string>> podman_hook_dirs(std::string_view containers_conf) {
  const auto scan = config::scan_toml(containers_conf);
  if (scan.too_deep || scan.stray || !is_text(containers_conf)) return std::nullopt;
  const auto parsed = config::parse_toml(containers_conf, 0);
  if (parsed.fault) return std::nullopt;
  const auto* engine = entry(parsed.root, "engine");
  const auto* dirs = engine ? entry(*engine, "hooks_dir") : nullptr;
  if (!dirs || dirs->kind != config::TomlKind::array) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& item : dirs->items)
    if (item.kind == config::TomlKind::string) out.push_back(item.string);
  return out;
}

}  // namespace weir
