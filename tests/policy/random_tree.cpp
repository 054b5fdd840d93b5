// SPDX-License-Identifier: Apache-2.0
#include "policy/random_tree.h"

#include <algorithm>
#include <fmt/format.h>

namespace weir::testing {
namespace {

// One temper for a whole tree: cases that mix everything everywhere hardly ever hit a corner.
struct Temper {
  enum class Shares { equal, small, huge } shares;
  int percent_zero, percent_infinite, percent_reserved, percent_limited;
  std::int64_t scale;

  explicit Temper(Random& random)
      : shares(static_cast<Shares>(random.between(0, 2))),
        percent_zero(random.chance(50) ? 0 : 30),
        percent_infinite(random.chance(50) ? 0 : 40),
        percent_reserved(random.chance(30) ? 0 : 50),
        percent_limited(random.chance(50) ? 0 : 40) {
    constexpr std::int64_t scales[] = {20, 1'000, 8'000'000, std::int64_t{1} << 38};
    scale = scales[random.below(std::size(scales))];
  }

  std::int64_t draw_shares(Random& random) const {
    switch (shares) {
      case Shares::equal:
        return 100;
      case Shares::small:
        return random.between(1, 9);
      case Shares::huge:
        return random.any_magnitude(1'000'000);
    }
    return 1;
  }
};

FairNode draw_node(Random& random, const Temper& temper, std::optional<std::size_t> parent) {
  FairNode node{parent, temper.draw_shares(random), 0, {}, random.between(0, temper.scale)};
  if (random.chance(temper.percent_zero)) node.demand = 0;
  if (random.chance(temper.percent_infinite)) node.demand.reset();
  if (random.chance(temper.percent_reserved)) node.reservation = random.between(0, temper.scale);
  if (random.chance(temper.percent_limited)) node.limit = random.between(0, temper.scale);
  return node;
}

void grow(RandomTree& tree, Random& random, const Temper& temper, std::optional<std::size_t> parent,
          std::int64_t depth) {
  const auto fan_out = random.between(1, depth > 1 ? 5 : 12);
  for (std::int64_t i = 0; i < fan_out && tree.nodes.size() < 100; ++i) {
    tree.nodes.push_back(draw_node(random, temper, parent));
    if (depth > 1 && random.chance(60))
      grow(tree, random, temper, tree.nodes.size() - 1, depth - 1);
  }
}

void fit_reservations(RandomTree& tree) {
  std::vector<std::int64_t> left(tree.nodes.size());
  std::int64_t top = tree.capacity;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    auto& node = tree.nodes[i];
    auto& available = node.parent ? left[*node.parent] : top;
    node.reservation = std::min(node.reservation, available / 2);
    if (node.limit) node.reservation = std::min(node.reservation, *node.limit);
    available -= node.reservation;
    left[i] = node.reservation;
  }
}

}  // namespace

std::vector<std::size_t> RandomTree::children(std::optional<std::size_t> node) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].parent == node) found.push_back(i);
  return found;
}

std::vector<std::size_t> RandomTree::leaves() const {
  std::vector<bool> inner(nodes.size());
  for (const auto& node : nodes)
    if (node.parent) inner[*node.parent] = true;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (!inner[i]) found.push_back(i);
  return found;
}

int RandomTree::level(std::size_t node) const {
  int level = 1;
  for (auto at = nodes[node].parent; at; at = nodes[*at].parent) ++level;
  return level;
}

std::string RandomTree::str() const {
  std::string text = fmt::format("capacity {}\n", capacity);
  const auto show = [](std::optional<std::int64_t> value) {
    return value ? fmt::format("{}", *value) : std::string("-");
  };
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto& node = nodes[i];
    text += fmt::format("  {}: parent {} shares {} reservation {} limit {} demand {}\n", i,
                        node.parent ? fmt::format("{}", *node.parent) : "-", node.shares,
                        node.reservation, show(node.limit), show(node.demand));
  }
  return text;
}

RandomTree random_tree(std::uint64_t seed, Reservations reservations) {
  Random random(seed);
  const Temper temper(random);
  RandomTree tree;
  tree.capacity = random.between(0, temper.scale * random.between(1, 12));
  grow(tree, random, temper, {}, random.between(1, 4));
  if (reservations == Reservations::fitting) fit_reservations(tree);
  return tree;
}

std::vector<Need> needs(const RandomTree& tree) {
  std::vector<Need> need(tree.nodes.size());
  for (std::size_t i = tree.nodes.size(); i-- > 0;) {
    const auto& node = tree.nodes[i];
    const auto children = tree.children(i);
    std::int64_t demand = 0, floors = 0;
    for (auto c : children) {
      demand = std::min(unbounded, demand + need[c].demand);
      floors += need[c].floor;
    }
    if (children.empty()) demand = node.demand.value_or(unbounded);
    demand = std::min(demand, node.limit.value_or(unbounded));
    need[i].demand = demand;
    need[i].floor = std::min(demand, std::max(floors, std::min(node.reservation, demand)));
  }
  return need;
}

}  // namespace weir::testing
