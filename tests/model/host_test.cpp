// SPDX-License-Identifier: Apache-2.0
#include "weir/model/host.h"

#include <doctest/doctest.h>

#include "weir/model/pool.h"

using namespace weir;

namespace {

constexpr std::int64_t mib = std::int64_t{1} << 20;

Host machine() {
  Host host;
  host.online = *CpuSet::parse("0-3");
  host.memory_total = {4096 * mib + 100};
  host.tasks_max = {32768};
  return host;
}

Pool pool_named(const char* name, std::optional<std::size_t> parent) {
  Pool pool{.spec = PoolSpec{.name = *PoolName::parse(name)}};
  pool.parent = parent;
  return pool;
}

}  // namespace

TEST_CASE("capacity: the host minus the reserve, memory in pages") {
  const auto capacity = capacity_of(machine(), {});
  REQUIRE(capacity);
  CHECK(capacity->cpu == Cores{3'500'000});
  CHECK(capacity->memory == Bytes{3584 * mib});
  CHECK(capacity->pids.value < 32768);
  CHECK(capacity->pids.value > 30000);
}

TEST_CASE("capacity: a quota above counts where it is less than the CPUs") {
  auto host = machine();
  host.cpu_quota = Cores{1'500'000};
  CHECK(host.cpu_total() == Cores{1'500'000});
  host.cpu_quota = whole_cores(64);
  CHECK(host.cpu_total() == whole_cores(4));
}

TEST_CASE("capacity: a reserve that leaves nothing") {
  for (const auto& reserve : {Reserve{whole_cores(4), Bytes{0}}, Reserve{whole_cores(5), Bytes{0}},
                              Reserve{Cores{}, Bytes{4096 * mib}}, Reserve{Cores{}, max_bytes}}) {
    const auto capacity = capacity_of(machine(), reserve);
    REQUIRE_FALSE(capacity);
    CHECK(capacity.error().code == Errc::config);
    CHECK(capacity.error().hint.find("host.reserve") != std::string::npos);
  }
}

TEST_CASE("controllers and back-ends have the kernel's and the file's names") {
  for (const auto controller : all_controllers)
    CHECK(controller_named(to_text(controller)) == controller);
  CHECK_FALSE(controller_named("cpus"));
  CHECK(to_text(Backend::systemd) == "systemd");
  CgroupHost cgroup;
  cgroup.controllers = {"cpu", "cpuset"};
  CHECK(cgroup.has(Controller::cpu));
  CHECK_FALSE(cgroup.has(Controller::memory));
}

TEST_CASE("trees: the chain up, and the least limit on it") {
  PoolTree tree;
  tree.capacity = {whole_cores(8), Bytes{1000 * mib}, Tasks{100}};
  tree.pools = {pool_named("team", {}), pool_named("web", {}), pool_named("ci", 0)};
  tree.pools[0].cpu.limit = whole_cores(2);
  tree.pools[2].cpu.limit = whole_cores(4);
  CHECK(tree.chain(2) == std::vector<std::size_t>{2, 0});
  CHECK(tree.top_pools() == std::vector<std::size_t>{0, 1});
  CHECK(tree.effective_cpu_limit(2) == whole_cores(2));
  CHECK(tree.effective_cpu_limit(1) == whole_cores(8));
  CHECK(tree.effective_memory_limit(2) == Bytes{1000 * mib});
  CHECK(tree.find("ci") == std::size_t{2});
  CHECK_FALSE(tree.find("c"));
}
