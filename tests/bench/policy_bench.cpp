// SPDX-License-Identifier: Apache-2.0
// What a decision costs, beside sorting the same keys and beside CLP on the same problem, all in
// one run on one machine.
#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <functional>

#include "weir/policy/drf.h"
#include "weir/policy/fair.h"
#include "weir/policy/knapsack.h"
#include "weir/policy/policy.h"
#include "weir/policy/rebalance.h"
#include "weir/policy/throughput.h"
#include "weir/runtime/clp_solver.h"

#include "policy/random_trace.h"

namespace weir::testing {
namespace {

/// CPU time of this thread: what other programs do meanwhile is not the allocator's cost.
double now() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Median seconds of one call, over at least three calls and a third of a second.
double seconds_of(const std::function<void()>& call) {
  std::vector<double> times;
  const double begin = now();
  while (times.size() < 3 || now() - begin < 0.3) {
    const double start = now();
    call();
    times.push_back(now() - start);
  }
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  return times[times.size() / 2];
}

volatile std::int64_t sink;
constexpr std::size_t sizes[] = {1'000, 10'000, 100'000, 1'000'000};

/// A row of nanoseconds per element at each size, and how often ten times more cost more than ten
/// times as much.
std::vector<double> row(std::string_view name, const std::function<double(std::size_t)>& seconds) {
  std::vector<double> each;
  fmt::print("{:<44}", name);
  for (auto n : sizes) {
    each.push_back(seconds(n) * 1e9 / static_cast<double>(n));
    fmt::print("{:>9.1f}", each.back());
  }
  fmt::print("   x{:.2f}\n", each.back() / each.front());
  return each;
}

FairNode random_node(Random& random) {
  FairNode node{{}, random.between(1, 1'000), 0, {}, random.between(0, 4'000'000)};
  if (random.chance(30)) node.reservation = random.between(0, 400'000);
  if (random.chance(30)) node.limit = random.between(500'000, 3'000'000);
  return node;
}

std::vector<FairNode> flat(std::size_t n) {
  Random random(n);
  std::vector<FairNode> nodes(n);
  for (auto& node : nodes) node = random_node(random);
  return nodes;
}

std::vector<FairNode> tree(std::size_t n) {
  Random random(n);
  std::vector<FairNode> nodes(n / 100 + n);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i] = random_node(random);
    if (i >= n / 100)
      nodes[i].parent = (i - n / 100) / 100;
    else
      nodes[i].reservation = 0, nodes[i].limit.reset();
  }
  return nodes;
}

double time_fair(const std::vector<FairNode>& nodes, std::size_t n) {
  return seconds_of(
      [&] { sink = solve_fair(nodes, static_cast<std::int64_t>(n) * 1'000'000).amount.back(); });
}

double time_sort(std::size_t n, std::size_t keys_each) {
  Random random(n);
  std::vector<double> keys(n * keys_each);
  for (auto& key : keys) key = random.unit();
  std::vector<double> copy;
  const double copying = seconds_of([&] { copy = keys; });
  return seconds_of([&] {
           copy = keys;
           std::ranges::sort(copy);
           sink = static_cast<std::int64_t>(copy[0]);
         }) -
         copying;
}

std::vector<DrfMember> drf_members(std::size_t n) {
  Random random(n);
  std::vector<DrfMember> members(n);
  for (auto& member : members) {
    for (auto& amount : member.task.amount) amount = random.between(0, 1'000);
    member.most = static_cast<double>(random.between(1, 20));
  }
  return members;
}

double time_drf(std::size_t n) {
  const auto members = drf_members(n);
  const auto capacity = Resources::all(static_cast<std::int64_t>(n) * 3'000);
  return seconds_of([&] { sink = static_cast<std::int64_t>(solve_drf(members, capacity)[0]); });
}

ThroughputTree throughput_tree(std::size_t pools, std::size_t n, std::size_t resources) {
  Random random(n);
  ThroughputTree tree;
  for (std::size_t r = 0; r < resources; ++r)
    tree.capacity[r] = static_cast<std::int64_t>(n) * 300'000;
  tree.nodes.resize(pools);
  for (auto& node : tree.nodes)
    for (std::size_t r = 0; r < resources; ++r)
      node.limit[r] = tree.capacity[r] / static_cast<std::int64_t>(pools) * 5 / 4;
  for (std::size_t i = 0; i < n; ++i) {
    ThroughputTree::Member member{i % pools, random.unit() * 10, {}, 0, 1};
    for (std::size_t r = 0; r < resources; ++r) member.task[r] = random.between(1, 1'000'000);
    tree.members.push_back(member);
  }
  return tree;
}

double time_greedy(std::size_t pools, std::size_t n) {
  const auto tree = throughput_tree(pools, n, 1);
  std::vector<ValueNode> nodes;
  for (const auto& node : tree.nodes) nodes.push_back({{}, 1, 0, node.limit[0], {}});
  for (const auto& member : tree.members)
    nodes.push_back(
        {*member.node, member.value / static_cast<double>(member.task[0]), 0, {}, member.task[0]});
  return seconds_of([&] { sink = solve_throughput(nodes, tree.capacity[0]).back(); });
}

double time_clp(std::size_t pools, std::size_t n, std::size_t resources) {
  const auto tree = throughput_tree(pools, n, resources);
  const auto solver = make_clp_solver();
  return seconds_of(
      [&] { sink = static_cast<std::int64_t>(solve_throughput(tree, *solver)->value); });
}

void per_container() {
  fmt::print("{:<44}{:>9}{:>9}{:>9}{:>9}   growth\n", "ns a container", "1e3", "1e4", "1e5", "1e6");
  const auto in_tree = row("fair, pools of 100", [](auto n) { return time_fair(tree(n), n); });
  const auto in_one = row("fair, one pool", [](auto n) { return time_fair(flat(n), n); });
  row("std::sort, one key", [](auto n) { return time_sort(n, 1); });
  const auto sort_two = row("std::sort, two keys", [](auto n) { return time_sort(n, 2); });
  const auto drf = row("drf, four resources", time_drf);
  fmt::print(
      "goals at 1e6: fair in trees {:.0f} <= 60; flat / sorting two keys {:.2f} <= 1.5; drf {:.0f} "
      "<= 200\n\n",
      in_tree.back(), in_one.back() / sort_two.back(), drf.back());
}

void throughput() {
  fmt::print("throughput, 100 pools, ms{:>25}{:>9}{:>9}\n", "1e3", "1e4", "1e5");
  const auto line = [](std::string_view name, const std::function<double(std::size_t)>& seconds) {
    fmt::print("{:<44}", name);
    for (std::size_t n : {1'000U, 10'000U, 100'000U}) fmt::print("{:>9.2f}", seconds(n) * 1e3);
    fmt::print("\n");
  };
  line("one resource, greedy", [](auto n) { return time_greedy(100, n); });
  line("one resource, CLP", [](auto n) { return time_clp(100, n, 1); });
  line("four resources, CLP", [](auto n) { return time_clp(100, n, 4); });
  fmt::print("\n");
}

void decisions() {
  constexpr std::int64_t core = 1'000'000, gib = std::int64_t{1} << 30;
  Random random(1);
  std::vector<Contender> members(10'000);
  for (auto& member : members) {
    member.shares = random.between(1, 1'000);
    member.priority = random.between(0, 4);
    member.request = cpu_memory(random.between(0, core / 100), random.between(0, gib / 100));
    member.demand = cpu_memory(random.between(0, 2 * core), random.between(0, gib));
  }
  fmt::print("one decision about 10,000 containers, ms (cpu and memory, with weights)\n");
  for (auto kind : {PolicyKind::fair, PolicyKind::drf, PolicyKind::fifo, PolicyKind::round_robin,
                    PolicyKind::priority, PolicyKind::latency}) {
    const auto policy = make_policy(kind);
    const auto capacity = cpu_memory(2'000 * core, 4'000 * gib);
    const double seconds =
        seconds_of([&] { sink = policy->divide(capacity, members)->cpu_weight[0]; });
    fmt::print("  {:<42}{:>9.3f}\n", to_text(kind), seconds * 1e3);
  }
  const double tree_only = time_fair(tree(10'000), 10'000);
  fmt::print("  {:<42}{:>9.3f}   goal < 1\n\n", "fair, CPU, 100 pools", tree_only * 1e3);
}

void search() {
  constexpr std::int64_t core = 1'000'000;
  fmt::print("dynamic programming and rebalancing, ms\n");
  for (std::size_t n : {20U, 100U, 400U}) {
    Random random(n);
    std::vector<KnapsackItem> items(n);
    for (auto& item : items)
      item = {random.unit() * 10,
              cpu_memory(random.between(1, 16) * core / 4, random.between(1, 1 << 26))};
    const double seconds = seconds_of([&] {
      sink = static_cast<std::int64_t>(best_set(items, cpu_memory(16 * core, 1 << 28)).size());
    });
    fmt::print("  admission, {:>4} waiting{:>31.3f}\n", n, seconds * 1e3);
  }
  for (std::size_t n : {100U, 1'000U, 10'000U}) {
    Random random(n);
    std::vector<PoolMember> members(n);
    for (auto& member : members)
      member = {random.below(n / 10), cpu_memory(0, random.between(1, 1'000)), random.unit(),
                false};
    const std::vector<PoolRoom> pools(n / 10, {cpu_memory(unbounded, 10 * 600), {}, {}});
    const double seconds = seconds_of([&] {
      sink = plan_moves(pools, members, {0, 0}).fits ? 1 : 0;
    });
    fmt::print("  rebalance, {:>6} containers{:>27.3f}\n", n, seconds * 1e3);
  }
  fmt::print("\n");
}

void simulations() {
  constexpr std::size_t jobs = 1'000'000;
  fmt::print("simulation of 1,000,000 jobs, load 0.9, seconds (and of 100,000)\n");
  const auto large = poisson_trace(1, jobs, 0.9, 3), small = poisson_trace(1, jobs / 10, 0.9, 3);
  const auto host = single_pool(1'000'000);
  for (int p = 0; p <= static_cast<int>(SimPolicy::srpt); ++p) {
    const auto policy = static_cast<SimPolicy>(p);
    const auto time = [&](const Trace& trace) {
      const double start = now();
      sink = static_cast<std::int64_t>(simulate(trace, host, policy)->end);
      return now() - start;
    };
    const double few = time(small), many = time(large);
    fmt::print("  {:<42}{:>9.2f}{:>9.2f}   x{:.1f}\n", to_text(policy), many, few, many / few);
  }
}

}  // namespace
}  // namespace weir::testing

int main() {
  weir::testing::per_container();
  weir::testing::throughput();
  weir::testing::decisions();
  weir::testing::search();
  weir::testing::simulations();
}
