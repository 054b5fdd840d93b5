// SPDX-License-Identifier: Apache-2.0
#include "runtime/random_config.h"

#include <array>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace weir::testing {
namespace {

constexpr std::array names{"web", "ci",  "db",      "batch",   "team",  "lab",
                           "one", "two", "nightly", "release", "spare", "last"};

struct Draft {
  std::string name;
  std::optional<std::size_t> parent;
  int level = 1;
  bool reserves = false;  // memory
  bool has_children = false;
};

/// Half as "2.5", half as the percentage that a child may have of its parent.
std::string memory_keys(Random& random, Draft& draft, bool parent_reserves) {
  std::string keys;
  if (!draft.parent && random.chance(50)) {
    keys = fmt::format("reservation = \"{}MiB\"", random.between(1, 1000));
    draft.reserves = true;
  } else if (draft.parent && parent_reserves && random.chance(50)) {
    keys = fmt::format("reservation = \"{}%\"", random.between(1, 8));
    draft.reserves = true;
  }
  if (draft.reserves && random.chance(30)) keys += ", hard = true";
  if (random.chance(50))
    keys += fmt::format("{}limit = {}", keys.empty() ? "" : ", ",
                        (std::int64_t{1} << 30) + random.between(0, std::int64_t{8} << 30));
  if (random.chance(20))
    keys += fmt::format("{}swap = \"{}MiB\"", keys.empty() ? "" : ", ", random.between(0, 64));
  return keys;
}

std::string cpu_keys(Random& random, const Draft& draft) {
  std::string keys;
  if (!draft.parent && random.chance(40))
    keys = fmt::format("reservation = \"{}m\"", random.between(10, 250));
  if (random.chance(40))
    keys += fmt::format("{}limit = \"{}m\"", keys.empty() ? "" : ", ", random.between(300, 3500));
  if (random.chance(30))
    keys += fmt::format("{}shares = {}", keys.empty() ? "" : ", ", random.between(1, 500));
  return keys;
}

std::string pool_text(Random& random, Draft& draft, const std::vector<Draft>& all) {
  auto text = fmt::format("[pool.{}]\nshares = {}\n", draft.name, random.between(1, 500));
  if (draft.parent) text += fmt::format("parent = \"{}\"\n", all[*draft.parent].name);
  if (const auto cpu = cpu_keys(random, draft); !cpu.empty())
    text += fmt::format("cpu = {{ {} }}\n", cpu);
  const bool above = draft.parent && all[*draft.parent].reserves;
  if (const auto memory = memory_keys(random, draft, above); !memory.empty())
    text += fmt::format("memory = {{ {} }}\n", memory);
  if (random.chance(30))
    text += fmt::format("pids = {{ limit = {} }}\n", random.between(10, 20'000));
  if (!draft.parent && !draft.reserves && random.chance(15)) text += "cpus = \"0-2\"\n";
  return text;
}

}  // namespace

std::string random_config(Random& random) {
  std::vector<Draft> drafts;
  std::string text;
  for (const auto* name : names) {
    if (random.chance(30)) continue;
    Draft draft{name, {}, 1, false, false};
    if (!drafts.empty() && random.chance(50)) {
      const auto parent = random.below(drafts.size());
      if (drafts[parent].level < 3) {
        draft.parent = parent;
        draft.level = drafts[parent].level + 1;
      }
    }
    text += pool_text(random, draft, drafts);
    drafts.push_back(draft);
  }
  return text;
}

}  // namespace weir::testing
