// SPDX-License-Identifier: Apache-2.0
// Golden M0: what pools and containers become in the kernel's files, as plain numbers; and the
// weight of the top slice.
#include "weir/policy/desired.h"

#include <doctest/doctest.h>

#include "weir/model/kernel_files.h"
#include "weir/policy/top_slice.h"

namespace weir {
namespace {

constexpr std::int64_t mib = 1 << 20;

CgroupPath at(std::string_view path) { return *CgroupPath::parse(path); }

std::size_t add(PoolTree& tree, std::string_view name, std::string_view path,
                std::optional<std::size_t> parent = {}) {
  Pool pool{.spec = {.name = *PoolName::parse(name)}};
  pool.path = at(path);
  pool.parent = parent;
  tree.pools.push_back(std::move(pool));
  const auto index = tree.pools.size() - 1;
  if (parent) tree.pools[*parent].children.push_back(index);
  return index;
}

/// db (hard), web and team with nightly (hard) and release below it, on 4 cores and 1 GiB.
PoolTree m0() {
  PoolTree tree;
  tree.top = at("weir.slice");
  tree.capacity = {whole_cores(4), Bytes{1024 * mib}, Tasks{30'000}};
  auto& pools = tree.pools;
  const auto db = add(tree, "db", "weir.slice/weir-db.slice");
  pools[db].memory.reservation = Bytes{256 * mib};
  pools[db].memory.limit = Bytes{512 * mib};
  pools[db].spec.memory.hard = true;
  pools[db].spec.memory.swap = Bytes{0};
  const auto web = add(tree, "web", "weir.slice/weir-web.slice");
  pools[web].memory.reservation = Bytes{128 * mib};
  pools[web].memory.limit = Bytes{300'000'000};
  const auto team = add(tree, "team", "weir.slice/weir-team.slice");
  pools[team].memory.reservation = Bytes{201 * mib};
  pools[team].memory.limit = Bytes{400 * mib};
  pools[team].spec.memory.swap = Bytes{64 * mib};
  const auto nightly =
      add(tree, "nightly", "weir.slice/weir-team.slice/weir-team-nightly.slice", team);
  pools[nightly].memory.reservation = Bytes{25'728 * page_size};
  pools[nightly].memory.limit = Bytes{300 * mib};
  pools[nightly].spec.memory.hard = true;
  const auto release =
      add(tree, "release", "weir.slice/weir-team.slice/weir-team-release.slice", team);
  pools[release].memory.reservation = Bytes{16'980 * page_size};
  pools[release].spec.memory.swap = Bytes{8 * mib};
  return tree;
}

struct MemoryFiles {
  std::string min, low, high, max, swap;
  bool operator==(const MemoryFiles&) const = default;
};

MemoryFiles memory_of(const DesiredTree& tree, std::string_view path) {
  for (const auto& cgroup : tree.cgroups)
    if (cgroup.path.str() == path) {
      const auto& files = cgroup.files;
      return {files.at("memory.min"), files.at("memory.low"), files.at("memory.high"),
              files.at("memory.max"), files.at("memory.swap.max")};
    }
  return {};
}

DesiredTree desired(const PoolTree& tree, const std::vector<Member>& members = {}) {
  return desired_tree(tree, members, {0, whole_cores(4)}, *CpuSet::parse("0-3"));
}

Member member(const PoolTree& tree, std::size_t pool, std::string_view name) {
  Member out{{.name = *ContainerName::parse(name)}, {}, pool};
  out.path = *tree.pools[pool].path.child(std::string{name} + ".scope");
  return out;
}

TEST_CASE("M0: memory files of pools and the top slice") {
  const auto tree = desired(m0());
  CHECK(memory_of(tree, "weir.slice") ==
        MemoryFiles{"373817344", "613416960", "max", "1073741824", "max"});
  CHECK(memory_of(tree, "weir.slice/weir-db.slice") ==
        MemoryFiles{"268435456", "268435456", "max", "536870912", "0"});
  CHECK(memory_of(tree, "weir.slice/weir-web.slice") ==
        MemoryFiles{"0", "134217728", "max", "299999232", "max"});
  CHECK(memory_of(tree, "weir.slice/weir-team.slice") ==
        MemoryFiles{"105381888", "210763776", "max", "419430400", "67108864"});
  CHECK(memory_of(tree, "weir.slice/weir-team.slice/weir-team-nightly.slice") ==
        MemoryFiles{"105381888", "105381888", "max", "314572800", "max"});
  CHECK(memory_of(tree, "weir.slice/weir-team.slice/weir-team-release.slice") ==
        MemoryFiles{"0", "69550080", "max", "max", "8388608"});
}

TEST_CASE("M0: memory files of containers") {
  const auto tree = m0();
  auto asks = member(tree, 1, "asks");
  asks.record.memory_limit = Bytes{100 * mib};
  asks.record.swap_limit = Bytes{0};
  auto hard = member(tree, 0, "hard");
  hard.record.memory_limit = Bytes{64 * mib};
  hard.record.memory_request = Bytes{32 * mib};
  hard.record.swap_limit = Bytes{0};
  auto odd = member(tree, 4, "odd");
  odd.record.memory_limit = Bytes{30'000'000};
  odd.record.oom = OomScope::process;
  const auto out = desired(tree, {asks, hard, odd});
  CHECK(memory_of(out, asks.path.str()) == MemoryFiles{"0", "104857600", "max", "104857600", "0"});
  CHECK(memory_of(out, hard.path.str()) ==
        MemoryFiles{"33554432", "33554432", "max", "67108864", "0"});
  CHECK(memory_of(out, odd.path.str()) == MemoryFiles{"0", "29999104", "max", "29999104", "max"});
  for (const auto& cgroup : out.cgroups)
    if (cgroup.kind == CgroupKind::container)
      CHECK(cgroup.files.at("memory.oom.group") == (cgroup.path == odd.path ? "0" : "1"));
}

TEST_CASE("CPU: weights from the entitlements, cpu.max only for real limits") {
  auto tree = m0();
  tree.pools[0].cpu.shares = 300;
  tree.pools[1].cpu.limit = Cores{500'000};
  const auto out = desired(tree);
  // 4 cores: web is capped at 0.5, the other 3.5 go 3 : 1 to db and team.
  CHECK(out.cgroups[1].files.at("cpu.weight") == "10000");
  CHECK(out.cgroups[2].files.at("cpu.weight") == "1905");
  CHECK(out.cgroups[3].files.at("cpu.weight") == "3333");
  CHECK(out.cgroups[1].files.at("cpu.max") == "max 100000");
  CHECK(out.cgroups[2].files.at("cpu.max") == "50000 100000");
}

TEST_CASE("CPU: weights of containers are as low as their ratio allows") {
  const auto tree = m0();
  auto asks = member(tree, 1, "asks");
  asks.record.cpu_limit = Cores{250'000};
  const auto weights = [&](const std::vector<Member>& members) {
    std::vector<std::string> found;
    for (const auto& cgroup : desired(tree, members).cgroups)
      if (cgroup.kind == CgroupKind::container) found.push_back(cgroup.files.at("cpu.weight"));
    return found;
  };
  CHECK(weights({member(tree, 1, "one"), member(tree, 1, "two")}) ==
        std::vector<std::string>{"100", "100"});
  // web has 4/3 of 4 cores; one of its two containers may use 0.25 of them: 3 : 13.
  CHECK(weights({asks, member(tree, 1, "rest")}) == std::vector<std::string>{"23", "100"});
}

TEST_CASE("the top slice: no cpu.max, the host's pids, the mark that it is weir's") {
  const auto out = desired(m0());
  const auto& top = out.cgroups.front();
  CHECK(top.kind == CgroupKind::top);
  CHECK(top.inner);
  CHECK(top.files.at("cpu.max") == "max 100000");
  CHECK(top.files.at("pids.max") == "30000");
  CHECK(top.record == "weir 1\npool weir\n");
  CHECK(out.cgroups[1].record == "weir 1\npool db\n");
}

TEST_CASE("parents stand before their children, and controllers are what the pools need") {
  auto tree = m0();
  auto out = desired(tree);
  REQUIRE(out.cgroups.size() == 6);
  CHECK(out.controllers == std::vector{Controller::cpu, Controller::memory, Controller::pids});
  tree.pools[1].cpus = *CpuSet::parse("0-1");
  out = desired(tree);
  CHECK(out.controllers.back() == Controller::cpuset);
  CHECK(out.cgroups[2].files.at("cpuset.cpus") == "0-1");
  CHECK_FALSE(out.cgroups[1].files.contains("cpuset.cpus"));
}

TEST_CASE("a container's files do not depend on the containers of other pools") {
  const auto tree = m0();
  const auto alone = desired(tree, {member(tree, 1, "a")});
  const auto beside = desired(tree, {member(tree, 1, "a"), member(tree, 0, "b")});
  for (std::size_t i = 0; i < tree.pools.size() + 1; ++i)
    CHECK(alone.cgroups[i].files == beside.cgroups[i].files);
}

ContainerRecord of_class(std::int64_t priority, double cores, std::optional<double> limit = {}) {
  ContainerRecord record{.name = *ContainerName::parse("x")};
  record.priority = priority;
  record.cpu_request = Cores{static_cast<std::int64_t>(cores * 1e6)};
  if (limit) record.cpu_limit = Cores{static_cast<std::int64_t>(*limit * 1e6)};
  return record;
}

TEST_CASE("under priority the highest class divides the CPU, those below weigh a hundredth each") {
  auto policy = PolicyKind::fair;
  const std::vector members{of_class(0, 0.5), of_class(5, 0), of_class(5, 0, 1), of_class(-3, 0)};
  const auto cpu = [&] {
    return member_entitlements(policy, whole_cores(4), Bytes{mib}, members).cpu;
  };
  CHECK(cpu()[1] == cpu()[3]);
  CHECK(cpu()[1] == cpu()[0]);
  policy = PolicyKind::priority;
  CHECK(cpu() == std::vector{Cores{540'000}, Cores{3'000'000}, Cores{1'000'000}, Cores{400}});
  CHECK(member_entitlements(policy, whole_cores(4), Bytes{mib}, members).weight ==
        std::vector<std::uint16_t>{1800, 10'000, 3333, 1});
}

TEST_CASE("under throughput what is worth most for a core gets the CPU above the requests") {
  std::vector members{of_class(0, 1), of_class(0, 1, 2), of_class(0, 0, 2)};
  members[1].value = 3;
  members[2].value = 8;
  const auto cpu =
      member_entitlements(PolicyKind::throughput, whole_cores(4), Bytes{mib}, members).cpu;
  CHECK(cpu == std::vector{whole_cores(1), whole_cores(1), whole_cores(2)});
}

TEST_CASE("under latency shares go by the inverse of the mean work, at most a hundredfold") {
  using namespace std::chrono_literals;
  std::vector members{of_class(0, 0), of_class(0, 0), of_class(0, 0)};
  const auto weights = [&] {
    return member_entitlements(PolicyKind::latency, whole_cores(4), Bytes{mib}, members).weight;
  };
  CHECK(weights() == std::vector<std::uint16_t>{100, 100, 100});
  members[0].work = 1s;
  members[1].work = 4s;
  members[2].work = 1000s;
  CHECK(weights() == std::vector<std::uint16_t>{100, 25, 1});
  // One of which nothing is known counts as the mean of the others.
  members[2].work.reset();
  CHECK(weights() == std::vector<std::uint16_t>{100, 25, 40});
}

TEST_CASE("the top slice weighs its capacity against what is outside") {
  const Cores four = whole_cores(4);
  // Nobody outside counts as one task for each CPU: 400 * 3.5 / 0.5.
  const auto idle = top_slice_weight(Cores{3'500'000}, {0, four});
  CHECK(idle.wanted == 2800);
  CHECK(idle.accepted == std::pair<std::int64_t, std::int64_t>{2800, 5600});
  // 500 outside rounds up to 800, so that one more or less is no drift.
  const auto busy = top_slice_weight(Cores{3'500'000}, {500, four});
  CHECK(busy.wanted == 5600);
  CHECK(busy.accepted == std::pair<std::int64_t, std::int64_t>{2800, 10'000});
  // What was written for twelve tasks is still good for sixteen.
  const auto twelve = top_slice_weight(Cores{3'500'000}, {1200, four}).wanted;
  CHECK(top_slice_weight(Cores{3'500'000}, {1600, four}).accepted.first == twelve);
  CHECK(top_slice_weight(Cores{3'500'000}, {1700, four}).accepted.first > twelve);
  CHECK(top_slice_weight(Cores{3'500'000}, {100'000, four}).wanted == 10'000);
  // 400 * 3.7 / 0.3 is 4933.3: a promise is never rounded down.
  CHECK(top_slice_weight(Cores{3'700'000}, {0, four}).wanted == 4934);
  // A small share still is a share.
  CHECK(top_slice_weight(Cores{10'000}, {0, four}).wanted == 100);
}

TEST_CASE("nothing kept back: the top slice weighs as much as it can") {
  const auto weight = top_slice_weight(whole_cores(4), {500, whole_cores(4)});
  CHECK(weight.wanted == 10'000);
  CHECK(weight.accepted == std::pair<std::int64_t, std::int64_t>{10'000, 10'000});
}

TEST_CASE("the accepted range always holds what is wanted") {
  for (std::int64_t outside = 0; outside < 5000; outside += 50)
    for (std::int64_t kept = 1; kept < 4'000'000; kept += 333'333) {
      const auto weight = top_slice_weight(whole_cores(4) - Cores{kept}, {outside, whole_cores(4)});
      CAPTURE(outside);
      CAPTURE(kept);
      CHECK(weight.wanted >= weight.accepted.first);
      CHECK(weight.wanted <= weight.accepted.second);
      CHECK(weight.wanted >= 1);
      CHECK(weight.wanted <= 10'000);
    }
}

}  // namespace
}  // namespace weir
