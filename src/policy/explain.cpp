// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/explain.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/fair.h"

namespace weir {
namespace {

constexpr std::int64_t task_weight = 100;

std::string shown(const CgroupPath& cgroup) { return cgroup.is_root() ? "/" : cgroup.str(); }

/// What `level` gets of `above`, with its own cpu.max left out or in.
Cores divide(const ChainLevel& level, Cores above, bool with_limit) {
  std::vector<FairNode> nodes;
  const auto limit = [](const std::optional<Cores>& cores) {
    return cores ? std::optional{cores->value} : std::nullopt;
  };
  const auto weight = [](std::int64_t w) { return std::clamp<std::int64_t>(w, 1, 1'000'000); };
  nodes.push_back({{},
                   weight(level.cpu_weight.value_or(task_weight)),
                   0,
                   with_limit ? limit(level.cpu_limit) : std::nullopt,
                   {}});
  for (const auto& rival : level.rivals)
    nodes.push_back({{}, weight(rival.weight), 0, limit(rival.limit), {}});
  if (level.tasks_beside > 0)
    nodes.push_back({{}, weight(level.tasks_beside * task_weight), 0, {}, {}});
  return Cores{solve_saturated(nodes, above.value).amount.front()};
}

struct LevelShare {
  Cores share;
  Cores above;
  bool capped = false;  ///< by its own cpu.max, not by weights
};

/// Indexed as the chain, computed from its end, the root.
std::vector<LevelShare> level_shares(const Chain& chain, Cores machine) {
  std::vector<LevelShare> out(chain.levels.size());
  Cores above = machine;
  for (std::size_t i = chain.levels.size(); i-- > 0;) {
    const auto& level = chain.levels[i];
    if (level.cgroup.is_root()) {
      out[i] = {machine, machine, false};
      continue;
    }
    out[i].above = above;
    out[i].share = divide(level, above, true);
    out[i].capped = out[i].share < divide(level, above, false);
    if (level.frozen) out[i].share = Cores{};
    above = out[i].share;
  }
  return out;
}

/// A cpu.max that takes something away binds, the lowest one first; else the weight that divides
/// most.
std::optional<std::size_t> binding_cpu_level(const std::vector<LevelShare>& shares) {
  for (std::size_t i = 0; i < shares.size(); ++i)
    if (shares[i].capped) return i;
  std::optional<std::size_t> worst;
  double least = 1.0;
  for (std::size_t i = 0; i + 1 < shares.size(); ++i) {
    if (shares[i].above.value == 0) continue;
    const double ratio = as_double(shares[i].share) / as_double(shares[i].above);
    if (ratio < least) {
      least = ratio;
      worst = i;
    }
  }
  return worst;
}

std::optional<std::size_t> frozen_level(const Chain& chain) {
  for (std::size_t i = 0; i < chain.levels.size(); ++i)
    if (chain.levels[i].frozen) return i;
  return std::nullopt;
}

std::optional<Binding> bind_cpu(const Chain& chain, const std::vector<LevelShare>& shares) {
  if (const auto frozen = frozen_level(chain))
    return Binding{chain.levels[*frozen].cgroup, std::string{file::cgroup_freeze}, "1"};
  const auto at = binding_cpu_level(shares);
  if (!at) return std::nullopt;
  const auto& level = chain.levels[*at];
  if (shares[*at].capped)
    return Binding{level.cgroup, std::string{file::cpu_max}, cpu_max_text(level.cpu_limit)};
  return Binding{level.cgroup, std::string{file::cpu_weight},
                 fmt::format("{}", level.cpu_weight.value_or(task_weight))};
}

Bytes headroom(const ChainLevel& level) {
  return level.memory_max ? *level.memory_max - level.memory_current : max_bytes;
}

/// The level with the least room left, the lower limit where that is equal.
std::optional<std::size_t> binding_memory_level(const Chain& chain) {
  std::optional<std::size_t> out;
  for (std::size_t i = 0; i < chain.levels.size(); ++i) {
    if (!chain.levels[i].memory_max) continue;
    if (!out || headroom(chain.levels[i]) < headroom(chain.levels[*out])) out = i;
  }
  return out;
}

std::optional<Binding> bind_memory(const Chain& chain) {
  const auto at = binding_memory_level(chain);
  if (!at) return std::nullopt;
  const auto& level = chain.levels[*at];
  return Binding{level.cgroup, std::string{file::memory_max}, memory_text(level.memory_max)};
}

/// memory.events.local counts "oom" where the limit is, "oom_kill" where the victim was.
std::optional<OomCause> find_oom(const Chain& chain) {
  const auto killed = chain.levels.front().oom_kill_below;
  if (killed == 0) return std::nullopt;
  for (const auto& level : chain.levels)
    if (level.oom_local > 0) return OomCause{level.cgroup, killed};
  if (!chain.below.empty()) {
    const auto most = std::ranges::max_element(chain.below, {}, &OomBelow::count);
    return OomCause{most->cgroup, most->count};
  }
  return OomCause{CgroupPath{}, killed};  // no limit of the chain: the whole machine ran out
}

std::string rivals_text(const ChainLevel& level) {
  std::vector<std::string> names;
  std::int64_t sum = 0;
  for (const auto& rival : level.rivals) {
    sum += rival.weight;
    if (names.size() < 3) names.push_back(rival.name);
  }
  if (level.rivals.size() > names.size())
    names.push_back(fmt::format("{} more", level.rivals.size() - names.size()));
  auto out = names.empty() ? std::string{}
                           : fmt::format("{} (weight {} together)", fmt::join(names, ", "), sum);
  if (level.tasks_beside > 0)
    out += fmt::format("{}{} task{} in {} itself", out.empty() ? "" : " and ", level.tasks_beside,
                       level.tasks_beside == 1 ? "" : "s", shown(level.cgroup.parent()));
  return out;
}

std::string cpu_sentence(const Chain& chain, const std::vector<LevelShare>& shares) {
  if (const auto frozen = frozen_level(chain))
    return fmt::format(
        "It gets no CPU: {} is frozen; thawing it (cgroup.freeze = 0) would change that.",
        shown(chain.levels[*frozen].cgroup));
  const auto share = to_text(Cores{(shares.front().share.value + 5000) / 10000 * 10000});
  const auto at = binding_cpu_level(shares);
  if (!at) return fmt::format("It may use all {} cores: nobody beside it wants CPU.", share);
  const auto& level = chain.levels[*at];
  if (shares[*at].capped)
    return fmt::format(
        "It gets up to {} cores: cpu.max of {} allows no more than {}; a higher limit "
        "there would change that.",
        share, shown(level.cgroup), to_text(*level.cpu_limit));
  return fmt::format(
      "It gets at least {} cores when everyone is busy: {} has weight {} beside {}; more "
      "shares or a reservation there, or less beside it, would change that.",
      share, shown(level.cgroup), level.cpu_weight.value_or(task_weight), rivals_text(level));
}

std::string memory_sentence(const Chain& chain) {
  const auto at = binding_memory_level(chain);
  if (!at) return " Memory: no limit but the machine's.";
  const auto& level = chain.levels[*at];
  return fmt::format(" Memory: {} of {}, its memory.max, leaves the least room ({} left).",
                     shown(level.cgroup), to_text(*level.memory_max),
                     to_text(std::max(Bytes{}, headroom(level))));
}

std::string oom_sentence(const Chain& chain, const std::optional<OomCause>& oom) {
  if (!oom) return {};
  const bool own = oom->cgroup == chain.levels.front().cgroup;
  return fmt::format(" OOM: {} killed, because {} ran into {} memory limit.", oom->count,
                     oom->cgroup.is_root() ? "the machine" : oom->cgroup.str(),
                     own ? "its own" : "the");
}

}  // namespace

Explanation explain(const Chain& chain, Cores machine) {
  const auto shares = level_shares(chain, machine);
  Explanation out;
  for (const auto& share : shares) out.shares.push_back(share.share);
  out.cpu = bind_cpu(chain, shares);
  out.memory = bind_memory(chain);
  out.oom = find_oom(chain);
  out.reason = cpu_sentence(chain, shares) + memory_sentence(chain) + oom_sentence(chain, out.oom);
  return out;
}

}  // namespace weir
