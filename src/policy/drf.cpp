// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/drf.h"

#include <algorithm>
#include <cmath>
#include <queue>

namespace weir {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Fractions = std::array<double, resource_count>;  // of the capacity

// Shares of capacities are sums of fractions near 1; what is nearer to 1 than this is rounding.
constexpr double full = 1.0 - 1e-12;

/// Everybody's weighted dominant share rises at the same pace; this is the clock.
class Filling {
 public:
  Filling(std::span<const DrfMember> members, const Resources& capacity)
      : members_(members), pace_(members.size()), tasks_(members.size()), active_(members.size()) {
    for (std::size_t r = 0; r < resource_count; ++r)
      scale_[r] = capacity[r] > 0 ? 1.0 / static_cast<double>(capacity[r]) : infinity;
    for (std::size_t i = 0; i < members.size(); ++i) enter(i);
    std::ranges::sort(by_end_, {}, [](const End& end) { return std::pair{end.level, end.member}; });
  }

  std::vector<double> run() && {
    for (const auto& end : by_end_) {
      while (active_[end.member] && raise_to(end.level)) freeze_users_of_full();
      if (active_[end.member]) leave(end.member, members_[end.member].most);
    }
    while (active_count_ > 0 && raise_to(infinity)) freeze_users_of_full();
    return std::move(tasks_);
  }

 private:
  struct End {
    double level;
    std::size_t member;
  };

  void enter(std::size_t i) {
    const auto& member = members_[i];
    double dominant = 0;
    for (std::size_t r = 0; r < resource_count; ++r)
      if (member.task[r] > 0)
        dominant = std::max(dominant, static_cast<double>(member.task[r]) * scale_[r]);
    if (dominant == 0) tasks_[i] = member.most;
    if (dominant == 0 || dominant == infinity || member.most <= 0) return;
    pace_[i] = member.weight / dominant;
    active_[i] = true;
    ++active_count_;
    change_flow(member, pace_[i]);
    if (member.most < infinity) by_end_.push_back({member.most / pace_[i], i});
  }

  void change_flow(const DrfMember& member, double by) {
    for (std::size_t r = 0; r < resource_count; ++r) {
      if (member.task[r] <= 0) continue;
      const double before = flow_[r];
      flow_[r] += by * static_cast<double>(member.task[r]) * scale_[r];
      // When a fast member leaves, what is left of its slow neighbours is mostly rounding.
      if (by < 0 && flow_[r] < before * 1e-6) stale_ = true;
    }
  }

  // Happens once for every six orders of magnitude between paces.
  void recount_flow() {
    flow_ = {};
    stale_ = false;
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (active_[i]) change_flow(members_[i], pace_[i]);
  }

  /// Moves the clock to `level`, or to where a resource is used up first: then true.
  bool raise_to(double level) {
    double stop = level;
    for (std::size_t r = 0; r < resource_count; ++r)
      if (flow_[r] > 0) stop = std::min(stop, level_ + std::max(0.0, 1.0 - used_[r]) / flow_[r]);
    const double step = std::max(0.0, stop - level_);
    for (std::size_t r = 0; r < resource_count; ++r) used_[r] += flow_[r] * step;
    level_ = std::max(level_, stop);
    return stop < level;
  }

  // At most once for each resource, so a pass over all members is cheap enough.
  void freeze_users_of_full() {
    Fractions nearly = used_;
    const auto fullest = std::ranges::max_element(nearly, {}, [&](const double& u) {
      return flow_[static_cast<std::size_t>(&u - nearly.data())] > 0 ? u : -1.0;
    });
    const auto top = static_cast<std::size_t>(fullest - nearly.begin());
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!active_[i]) continue;
      bool blocked = members_[i].task[top] > 0;
      for (std::size_t r = 0; r < resource_count && !blocked; ++r)
        blocked = members_[i].task[r] > 0 && used_[r] >= full;
      if (blocked) leave(i, level_ * pace_[i]);
    }
  }

  void leave(std::size_t i, double tasks) {
    tasks_[i] = tasks;
    active_[i] = false;
    --active_count_;
    change_flow(members_[i], -pace_[i]);
    if (stale_ && active_count_ > 0) recount_flow();
    if (active_count_ == 0) flow_ = {};
  }

  std::span<const DrfMember> members_;
  std::vector<double> pace_;  // tasks a unit of the clock
  std::vector<double> tasks_;
  std::vector<bool> active_;
  std::vector<End> by_end_;
  std::size_t active_count_ = 0;
  double level_ = 0;
  Fractions scale_{}, used_{}, flow_{};
  bool stale_ = false;  // flow_ has lost its precision
};

}  // namespace

std::vector<double> solve_drf(std::span<const DrfMember> members, const Resources& capacity) {
  return Filling(members, capacity).run();
}

std::vector<std::int64_t> solve_drf_tasks(std::span<const DrfMember> members,
                                          const Resources& capacity) {
  struct Turn {
    double share;
    std::size_t member;
    bool operator<(const Turn& other) const {  // std::priority_queue gives the largest first
      return share != other.share ? share > other.share : member > other.member;
    }
  };
  std::vector<std::int64_t> tasks(members.size());
  std::priority_queue<Turn> next;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].task == Resources{})
      tasks[i] = static_cast<std::int64_t>(members[i].most);
    else
      next.push({0, i});
  }
  Resources left = capacity;
  while (!next.empty()) {
    const auto [share, i] = next.top();
    next.pop();
    const auto& member = members[i];
    if (static_cast<double>(tasks[i]) + 1 > member.most || !member.task.fits(left)) continue;
    left -= member.task;
    ++tasks[i];
    const double one = dominant_share(member.task, capacity) / member.weight;
    next.push({one * static_cast<double>(tasks[i]), i});
  }
  return tasks;
}

double dominant_share(const Resources& used, const Resources& capacity) {
  double share = 0;
  for (std::size_t r = 0; r < resource_count; ++r)
    if (used[r] > 0)
      share = std::max(share, capacity[r] > 0
                                  ? static_cast<double>(used[r]) / static_cast<double>(capacity[r])
                                  : infinity);
  return share;
}

}  // namespace weir
