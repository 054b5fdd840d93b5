// SPDX-License-Identifier: Apache-2.0
// Any text as weir.toml: read, resolve, show, edit. Nothing of it may crash, and what was edited
// must be readable.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "weir/config/edit.h"
#include "weir/config/parse.h"
#include "weir/config/render.h"
#include "weir/config/resolve.h"

namespace {

weir::Host small_machine() {
  weir::Host host;
  host.online = *weir::CpuSet::parse("0-3");
  host.memory_total = {std::int64_t{4} << 30};
  host.tasks_max = {32768};
  return host;
}

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto host = small_machine();
  static const auto pool = *weir::PoolName::parse("a");
  const std::string text(reinterpret_cast<const char*>(data), size);

  // The text before the first NUL is weir.toml, the rest a file of weir.d.
  const auto cut = std::min(text.find('\0'), text.size());
  const auto parsed = weir::parse_config({{"weir.toml", text.substr(0, cut)},
                                          {"weir.d/a.toml", text.substr(std::min(cut + 1, size))}});
  const auto resolved = weir::check_config(parsed, host);
  demand(resolved.diagnostics.size() >= parsed.diagnostics.size());
  for (const auto& found : resolved.diagnostics)
    demand(!weir::render(parsed.config, found).empty());

  const auto edited = weir::edit_pool_text(text, pool, {{"memory.limit", "60MiB"}, {"shares", ""}});
  if (edited) demand(weir::edit_pool_text(*edited, pool, {{"memory.limit", ""}}).has_value());
  return 0;
}
