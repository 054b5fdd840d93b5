// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "weir/policy/throughput.h"
#include "weir/policy/water_fill.h"

namespace weir {
namespace {

class Greedy {
 public:
  Greedy(std::span<const ValueNode> nodes, std::int64_t capacity)
      : nodes_(nodes),
        children_(nodes.size() + 1),
        room_(nodes.size()),
        floor_(nodes.size()),
        amount_(nodes.size()),
        capacity_(capacity) {
    for (std::size_t i = 0; i < nodes.size(); ++i) children_[row(nodes[i].parent)].push_back(i);
    gather();
    grant_floors();
    list_leaves();
  }

  std::vector<std::int64_t> run() && {
    for (std::size_t i = nodes_.size(); i-- > 0;) meet_floor(i);
    for (auto leaf : best_leaves_[nodes_.size()]) pour(leaf, unbounded);
    return std::move(amount_);
  }

 private:
  [[nodiscard]] std::size_t row(std::optional<std::size_t> node) const {
    return node.value_or(nodes_.size());
  }

  // D and F of docs/allocator.md 1, bottom up.
  void gather() {
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      const auto& node = nodes_[i];
      std::int64_t demand = 0, floors = 0;
      for (auto c : children_[i]) {
        demand = std::min(unbounded, demand + room_[c]);
        floors = std::min(unbounded, floors + floor_[c]);
      }
      if (children_[i].empty()) demand = node.demand.value_or(unbounded);
      room_[i] = std::min(demand, node.limit.value_or(unbounded));
      floor_[i] = std::min(room_[i], std::max(floors, node.reservation));
    }
  }

  // Floors that do not fit above shrink in proportion, so that phase 1 always finds room.
  void grant_floors() {
    WaterFill water;
    std::vector<Vessel> vessels;
    std::vector<std::int64_t> granted;
    const auto grant = [&](const std::vector<std::size_t>& siblings, std::int64_t total) {
      vessels.clear();
      granted.resize(siblings.size());
      for (auto i : siblings) vessels.push_back({1, floor_[i], floor_[i]});
      water.divide(vessels, total, granted);
      for (std::size_t k = 0; k < siblings.size(); ++k) floor_[siblings[k]] = granted[k];
    };
    grant(children_[nodes_.size()], capacity_);
    for (std::size_t i = 0; i < nodes_.size(); ++i) grant(children_[i], floor_[i]);
  }

  // Every subtree's leaves, best first: one sort, then handed up.
  void list_leaves() {
    best_leaves_.resize(nodes_.size() + 1);
    std::vector<std::size_t> leaves;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (children_[i].empty()) leaves.push_back(i);
    std::ranges::stable_sort(leaves, std::greater<>{},
                             [&](std::size_t i) { return nodes_[i].value; });
    for (auto leaf : leaves) {
      for (std::optional at = leaf; at; at = nodes_[*at].parent) best_leaves_[*at].push_back(leaf);
      best_leaves_[nodes_.size()].push_back(leaf);
    }
  }

  void meet_floor(std::size_t node) {
    for (auto leaf : best_leaves_[node]) {
      if (amount_[node] >= floor_[node]) return;
      pour(leaf, floor_[node] - amount_[node]);
    }
  }

  /// Raises `leaf` by at most `most`, as far as the tightest bound on its path to the root allows.
  void pour(std::size_t leaf, std::int64_t most) {
    auto step = std::min(most, capacity_ - used_);
    for (std::optional at = leaf; at; at = nodes_[*at].parent)
      step = std::min(step, room_[*at] - amount_[*at]);
    for (std::optional at = leaf; at; at = nodes_[*at].parent) amount_[*at] += step;
    used_ += step;
  }

  std::span<const ValueNode> nodes_;
  std::vector<std::vector<std::size_t>> children_;  // the last row: nodes without a parent
  std::vector<std::int64_t> room_, floor_, amount_;
  std::vector<std::vector<std::size_t>> best_leaves_;
  std::int64_t capacity_;
  std::int64_t used_ = 0;
};

}  // namespace

std::vector<std::int64_t> solve_throughput(std::span<const ValueNode> nodes,
                                           std::int64_t capacity) {
  return Greedy(nodes, capacity).run();
}

}  // namespace weir
