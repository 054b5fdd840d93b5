// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/fair.h"

#include <algorithm>

namespace weir {
namespace {

enum class Demand { as_given, infinite };

// `unbounded` absorbs: a sum that contains it, or exceeds it, is it.
std::int64_t add(std::int64_t a, std::int64_t b) { return std::min(a + b, unbounded); }

/// Children of every node as one array: those of node i stand in [begin[i], end[i]) of `child`,
/// in ascending order. Row `nodes.size()` holds the nodes without a parent.
class Family {
 public:
  explicit Family(std::span<const FairNode> nodes)
      : begin_(nodes.size() + 2), child_(nodes.size()) {
    for (const auto& node : nodes) ++begin_[row(node) + 1];
    for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
    auto next = begin_;
    for (std::uint32_t i = 0; i < nodes.size(); ++i) child_[next[row(nodes[i])]++] = i;
  }
  [[nodiscard]] std::span<const std::uint32_t> of(std::size_t node) const {
    return std::span(child_).subspan(begin_[node], begin_[node + 1] - begin_[node]);
  }
  [[nodiscard]] std::span<const std::uint32_t> tops() const { return of(child_.size()); }

 private:
  [[nodiscard]] std::size_t row(const FairNode& node) const {
    return node.parent.value_or(child_.size());
  }
  std::vector<std::uint32_t> begin_;
  std::vector<std::uint32_t> child_;
};

class Solver {
 public:
  Solver(std::span<const FairNode> nodes, Demand demand)
      : nodes_(nodes), family_(nodes), vessels_(nodes.size()) {
    gather(demand);
    result_.amount.resize(nodes.size());
    result_.degraded.resize(nodes.size());
  }

  FairResult solve(std::int64_t capacity) {
    divide(family_.tops(), capacity);
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (auto children = family_.of(i); !children.empty()) divide(children, result_.amount[i]);
    return std::move(result_);
  }

 private:
  // F and D of docs/allocator.md 1 become floor and ceiling. Children stand behind their parents,
  // so from the back every node finds its children's sums complete in its own place.
  void gather(Demand demand) {
    for (auto& vessel : vessels_) vessel.ceiling = 0;
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      const auto& node = nodes_[i];
      auto& own = vessels_[i];
      own.weight = node.shares;
      if (family_.of(i).empty())
        own.ceiling = demand == Demand::infinite ? unbounded : node.demand.value_or(unbounded);
      own.ceiling = std::min(own.ceiling, node.limit.value_or(unbounded));
      own.floor = std::min(own.ceiling, std::max(own.floor, node.reservation));
      if (!node.parent) continue;
      auto& parent = vessels_[*node.parent];
      parent.ceiling = add(parent.ceiling, own.ceiling);
      parent.floor = add(parent.floor, own.floor);
    }
  }

  void divide(std::span<const std::uint32_t> siblings, std::int64_t total) {
    if (siblings.empty()) return;
    const std::size_t first = siblings.front(), count = siblings.size();
    if (siblings.back() - first + 1 == count) {  // the usual case needs no copies
      water_.divide(std::span(vessels_).subspan(first, count), total,
                    std::span(result_.amount).subspan(first, count));
    } else {
      row_.clear();
      row_amounts_.resize(count);
      for (auto i : siblings) row_.push_back(vessels_[i]);
      water_.divide(row_, total, row_amounts_);
      for (std::size_t k = 0; k < count; ++k) result_.amount[siblings[k]] = row_amounts_[k];
    }
    for (auto i : siblings)
      if (result_.amount[i] < vessels_[i].floor) result_.degraded[i] = true;
  }

  std::span<const FairNode> nodes_;
  Family family_;
  std::vector<Vessel> vessels_;  // by node
  WaterFill water_;
  std::vector<Vessel> row_;
  std::vector<std::int64_t> row_amounts_;
  FairResult result_;
};

constexpr std::int64_t most_weight = 10'000, least_weight = 1, default_weight = 100;

std::vector<std::uint16_t> weights_up_to(std::int64_t most,
                                         std::span<const std::int64_t> entitlements) {
  std::vector<std::uint16_t> weights(entitlements.size(), default_weight);
  if (weights.empty()) return weights;
  const Wide largest = std::ranges::max(entitlements);
  if (largest == 0) return weights;
  std::ranges::transform(entitlements, weights.begin(), [&](std::int64_t entitlement) {
    const Wide rounded = (2 * Wide{most} * entitlement + largest) / (2 * largest);
    return static_cast<std::uint16_t>(std::max(rounded, Wide{least_weight}));
  });
  return weights;
}

/// Whether rounding moved no weight by more than half a per cent of itself. Who is entitled to
/// nothing has the least weight whatever the scale.
bool are_precise(std::int64_t most, std::span<const std::uint16_t> weights,
                 std::span<const std::int64_t> entitlements) {
  if (entitlements.empty()) return true;
  const Wide largest = std::ranges::max(entitlements);
  for (std::size_t i = 0; i < entitlements.size(); ++i) {
    const Wide exact = Wide{most} * entitlements[i];
    const Wide off = Wide{weights[i]} * largest - exact;
    if (entitlements[i] > 0 && 200 * (off < 0 ? -off : off) > exact) return false;
  }
  return true;
}

}  // namespace

FairResult solve_fair(std::span<const FairNode> nodes, std::int64_t capacity) {
  return Solver(nodes, Demand::as_given).solve(capacity);
}

FairResult solve_saturated(std::span<const FairNode> nodes, std::int64_t capacity) {
  return Solver(nodes, Demand::infinite).solve(capacity);
}

std::vector<std::uint16_t> cpu_weights(std::span<const std::int64_t> sibling_entitlements) {
  return weights_up_to(most_weight, sibling_entitlements);
}

std::vector<std::uint16_t> low_cpu_weights(std::span<const std::int64_t> sibling_entitlements) {
  for (const std::int64_t most : {100, 200, 300, 400, 600, 800, 1000, 2000, 4000}) {
    auto weights = weights_up_to(most, sibling_entitlements);
    if (are_precise(most, weights, sibling_entitlements)) return weights;
  }
  return cpu_weights(sibling_entitlements);
}

}  // namespace weir
