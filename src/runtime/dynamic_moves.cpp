// SPDX-License-Identifier: Apache-2.0
// Which containers should go elsewhere: when limits do not help, and rarely.
#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/policy/desired.h"
#include "weir/policy/spill.h"
#include "weir/runtime/move.h"

#include "dynamic_state.h"

namespace weir {
namespace {

const std::string moved_folder = "moved";

/// Below this a container is no burden, whatever a tenth of all memory is.
constexpr std::int64_t always_affordable = std::int64_t{64} << 20;

std::vector<std::size_t> targets_of(const PoolTree& tree, const Pool& pool) {
  std::vector<std::size_t> out;
  for (const auto& target : pool.spec.spill)
    if (const auto to = tree.find(target.value)) out.push_back(*to);
  return out;
}

/// Seconds since weir rebalanced the container last, by whichever process.
std::optional<double> moved_ago(const NoteFolder& folder, const std::string& name,
                                std::int64_t now_us) {
  const auto text = folder.read(name);
  const auto at = text ? to_number<std::int64_t>(trim(*text)) : std::nullopt;
  if (!at || *at < 0 || *at > now_us) return std::nullopt;
  return static_cast<double>(now_us - *at) / 1e6;
}

class Adviser {
 public:
  Adviser(DynamicAllocator::State& state, double time)
      : state_(state), tree_(state.session.tree), time_(time) {
    const auto folder = state.session.run_dir.folder(moved_folder);
    const auto now_us = wall_us();
    for (const auto& [name, entry] : state.roster.members) {
      if (!entry.sample) continue;
      names_.push_back(name);
      members_.push_back(&entry);
      moved_ago_.push_back(folder ? moved_ago(*folder, name, now_us) : std::nullopt);
      resident_ += entry.sample->current;
    }
    rules_.byte_budget = std::max(state.budget.left(time, resident_), always_affordable);
  }

  std::vector<MoveAdvice> advise() {
    for (const auto& remedy : for_cpu()) take(remedy);
    for (const auto& remedy : for_memory()) take(remedy);
    return std::move(out_);
  }

 private:
  std::vector<Remedy> for_cpu() {
    const auto entitled = entitlements(tree_);
    std::vector<SpillPool> pools;
    for (std::size_t i = 0; i < tree_.pools.size(); ++i) {
      auto room = tree_.effective_cpu_limit(i).value;
      if (const auto cpus = state_.cpuset_of(i)) room = std::min(room, *cpus * micro_per_core);
      pools.push_back({tree_.pools[i].name().str(), room, entitled.cpu[i].value,
                       targets_of(tree_, tree_.pools[i])});
    }
    std::vector<SpillMember> members;
    for (std::size_t k = 0; k < members_.size(); ++k) {
      const auto& sample = *members_[k]->sample;
      members.push_back({names_[k], members_[k]->pool, cpu_demand(sample.cpu), sample.current,
                         sample.cpu.threads, moved_ago_[k]});
    }
    auto over = state_.cpu_watch.tick(cpu_overages(pools, members));
    std::erase_if(over, [&](std::size_t i) { return pools[i].to.empty() || has_just_spilled(i); });
    return one_a_pool(plan_spill(pools, members, over, idle_cpu(), rules_));
  }

  /// What one move changed has to be seen before the next.
  [[nodiscard]] bool has_just_spilled(std::size_t pool) const {
    const auto at = state_.spilled_at.find(pool);
    return at != state_.spilled_at.end() && time_ - at->second < move_dwell;
  }

  /// The cheapest of each pool: demand is an estimate, and a move that was too much is not undone.
  static std::vector<Remedy> one_a_pool(std::vector<Remedy> remedies) {
    std::ranges::stable_sort(remedies, {}, &Remedy::cost);
    std::vector<Remedy> out;
    for (auto& remedy : remedies)
      if (std::ranges::find(out, remedy.pool, &Remedy::pool) == out.end())
        out.push_back(std::move(remedy));
    return out;
  }

  [[nodiscard]] std::int64_t idle_cpu() const {
    auto left = tree_.capacity.cpu.value;
    for (const auto i : tree_.top_pools())
      if (const auto& sample = state_.tracks[i].sample) left -= sample->cpu.usage;
    return std::max<std::int64_t>(0, left);
  }

  std::vector<Remedy> for_memory() {
    std::vector<PoolDemand> demands;
    for (const auto& track : state_.tracks) demands.push_back(track.demand);
    const auto targets = divide_memory(tree_, demands);
    std::vector<BalancePool> pools;
    std::vector<double> overages;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const auto& pool = tree_.pools[i];
      pools.push_back({pool.name().str(), cpu_memory(0, targets[i]), {}, targets_of(tree_, pool)});
      const auto& sample = state_.tracks[i].sample;
      const bool spills = !pool.spec.spill.empty() && sample && targets[i] > 0;
      overages.push_back(spills ? static_cast<double>(sample->current - targets[i]) /
                                      static_cast<double>(targets[i])
                                : 0);
    }
    std::vector<BalanceMember> members;
    for (std::size_t k = 0; k < members_.size(); ++k) {
      const auto& sample = *members_[k]->sample;
      members.push_back({names_[k], members_[k]->pool, cpu_memory(0, sample.current),
                         sample.current, sample.reclaimable, sample.cpu.threads, moved_ago_[k]});
    }
    auto remedies = plan_remedies(pools, members, state_.memory_watch.tick(overages), rules_);
    // Reclaim is memory.high's business.
    std::erase_if(remedies, [](const Remedy& remedy) { return remedy.kind != Remedy::Kind::move; });
    return remedies;
  }

  void take(const Remedy& remedy) {
    const auto& name = names_[*remedy.member];
    if (std::ranges::find(out_, name, &MoveAdvice::container) != out_.end()) return;
    out_.push_back({name, remedy.pool, *remedy.to, remedy.bytes, remedy.cost, remedy.reason});
  }

  DynamicAllocator::State& state_;
  const PoolTree& tree_;
  double time_;
  std::vector<std::string> names_;
  std::vector<const Roster::Entry*> members_;
  std::vector<std::optional<double>> moved_ago_;
  std::int64_t resident_ = 0;
  BalanceRules rules_;
  std::vector<MoveAdvice> out_;
};

}  // namespace

std::vector<MoveAdvice> DynamicAllocator::advise(double time) {
  return Adviser(*state_, time).advise();
}

Status DynamicAllocator::carry_out(const MoveAdvice& advice, double time) {
  auto& session = state_->session;
  const auto folder = session.run_dir.folder(moved_folder);
  if (folder)
    ignore(folder->write(advice.container, fmt::format("{}\n", wall_us())),
           "without it the container may move again a little early");
  state_->spilled_at[advice.from] = time;
  const auto& to = session.tree.pools[advice.to].name().str();
  WEIR_CHECK(move(session, MoveRequest{.container = advice.container, .to = to}));
  state_->budget.spend(time, advice.bytes);
  return {};
}

}  // namespace weir
