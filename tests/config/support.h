// SPDX-License-Identifier: Apache-2.0
// What most tests of the configuration need.
#pragma once

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

#include "weir/config/parse.h"
#include "weir/config/render.h"
#include "weir/config/resolve.h"

namespace weir::test {

inline ParseOutcome parse(std::string text) {
  return parse_config({{"weir.toml", std::move(text)}});
}

/// A machine with `cpus` CPUs; the default reserve of 0.5 cores and 512 MiB is not yet taken off.
inline Host machine(int cpus, std::int64_t mebibytes) {
  Host host;
  host.online = *CpuSet::parse("0-" + std::to_string(cpus - 1));
  host.memory_total = {mebibytes << 20};
  host.tasks_max = {32768};
  return host;
}

/// All diagnostics as `weir check` prints them: what a failing test should show.
inline std::string shown(const Config& config, const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const auto& diagnostic : diagnostics) out += render(config, diagnostic);
  return out;
}

struct Checked {
  Config config;
  PoolTree tree;
  std::vector<Diagnostic> diagnostics;
  std::string text;  ///< of the diagnostics
};

/// Parses and resolves on one machine.
inline Checked check(std::string text, const Host& host) {
  auto parsed = parse(std::move(text));
  auto resolved = check_config(parsed, host);
  auto words = shown(parsed.config, resolved.diagnostics);
  return {std::move(parsed.config), std::move(resolved.tree), std::move(resolved.diagnostics),
          std::move(words)};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace weir::test
