// SPDX-License-Identifier: Apache-2.0
// The small values: observed trees, plans, pools.
#include <doctest/doctest.h>

#include "weir/model/observed.h"
#include "weir/model/plan.h"
#include "weir/model/pool.h"

using namespace weir;

TEST_CASE("an observed tree finds a cgroup by its path") {
  ObservedTree tree;
  CHECK(tree.find(*CgroupPath::parse("a")) == nullptr);
  for (const auto* path : {"a", "a/b"}) {
    ObservedCgroup cgroup;
    cgroup.path = *CgroupPath::parse(path);
    tree.cgroups.push_back(cgroup);
  }
  REQUIRE(tree.find(*CgroupPath::parse("a/b")) != nullptr);
  CHECK(tree.find(*CgroupPath::parse("a/b"))->path.str() == "a/b");
  CHECK(tree.find(*CgroupPath::parse("b")) == nullptr);
}

TEST_CASE("a plan is empty without changes and without what is blocked") {
  Plan plan;
  CHECK(plan.empty());
  CHECK(plan.conflict() == nullptr);
  plan.blocked.push_back({*CgroupPath::parse("a"), "memory.max", "1", "in use", false});
  CHECK_FALSE(plan.empty());
  CHECK(plan.conflict() == nullptr);
  plan.blocked.push_back({*CgroupPath::parse("b"), {}, {}, "holds containers", true});
  REQUIRE(plan.conflict() != nullptr);
  CHECK(plan.conflict()->cgroup.str() == "b");
}

TEST_CASE("phases stand in the order in which they are safe") {
  CHECK(Phase::create < Phase::enable);
  CHECK(Phase::enable < Phase::raise);
  CHECK(Phase::raise < Phase::migrate);
  CHECK(Phase::migrate < Phase::lower);
  CHECK(Phase::lower < Phase::remove);
  CHECK(to_text(Phase::migrate) == "migrate");
  CHECK(to_text(Op::remove) == "remove");
}

TEST_CASE("a pool's chain and the least limit on it") {
  PoolTree tree;
  tree.capacity = {whole_cores(4), Bytes{8192}, Tasks{10}};
  for (const auto* name : {"a", "b", "c"}) {
    Pool pool{.spec = {.name = *PoolName::parse(name)}};
    if (!tree.pools.empty()) pool.parent = tree.pools.size() - 1;
    tree.pools.push_back(pool);
  }
  CHECK(tree.find("b") == 1U);
  CHECK_FALSE(tree.find("d").has_value());
  CHECK(tree.top_pools() == std::vector<std::size_t>{0});
  CHECK(tree.chain(2) == std::vector<std::size_t>{2, 1, 0});
  CHECK(tree.effective_cpu_limit(2) == whole_cores(4));
  tree.pools[0].cpu.limit = Cores{500'000};
  tree.pools[2].memory.limit = Bytes{4096};
  CHECK(tree.effective_cpu_limit(2) == Cores{500'000});
  CHECK(tree.effective_memory_limit(2) == Bytes{4096});
  CHECK(tree.effective_memory_limit(1) == Bytes{8192});
}
