// SPDX-License-Identifier: Apache-2.0
// Every key of the manual's example arrives where it belongs.
#include "complete_example.h"
#include "support.h"

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t mib = std::int64_t{1} << 20;
constexpr std::int64_t gib = std::int64_t{1} << 30;

template <class T>
T absolute(const LocatedAmount<T>& amount) {
  REQUIRE(amount);
  return std::get<T>(amount->value);
}

const PoolSpec& pool(const Config& config, std::string_view name) {
  for (const auto& pool : config.pools)
    if (pool.name.str() == name) return pool;
  throw std::runtime_error("no such pool");
}

}  // namespace

TEST_CASE("complete example: nothing is wrong with it; two keys are of other policies") {
  const auto outcome = parse(complete_example);
  const auto report = shown(outcome.config, outcome.diagnostics);
  CAPTURE(report);
  CHECK(outcome.ok());
  REQUIRE(outcome.diagnostics.size() == 2);
  CHECK(outcome.diagnostics[0].key == "pool.ci.slice_time");
  CHECK(outcome.diagnostics[1].key == "pool.ci.preempt");
}

TEST_CASE("complete example: it fits a host of 8 CPUs and 32 GiB") {
  const auto checked = check(complete_example, machine(8, 32 * 1024));
  CAPTURE(checked.text);
  CHECK(checked.diagnostics.size() == 2);
  REQUIRE(checked.tree.pools.size() == 6);
  CHECK(checked.tree.pools[3].path.str() == "weir.slice/weir-team.slice/weir-team-nightly.slice");
}

TEST_CASE("complete example: [host], [hook] and [runtime]") {
  const auto config = parse(complete_example).config;
  CHECK(config.host.slice == "weir.slice");
  CHECK(config.host.backend == BackendChoice::automatic);
  CHECK(config.host.reserve == Reserve{Cores{500'000}, Bytes{512 * mib}});
  CHECK(config.host.overcommit.cpu == 4.0);
  CHECK(config.host.overcommit.memory == 1.0);
  REQUIRE(config.host.default_pool);
  CHECK(config.host.default_pool->value == "batch");
  REQUIRE(config.host.disks.size() == 1);
  const auto& disk = config.host.disks[0];
  CHECK(disk.path.value == "/var/lib/containers");
  CHECK(disk.read_bps == BytesPerSecond{500'000'000});
  CHECK(disk.write_bps == BytesPerSecond{300'000'000});
  CHECK(disk.read_iops == OpsPerSecond{20'000});
  CHECK(disk.write_iops == OpsPerSecond{10'000});
  CHECK(config.hook.on_error == OnError::open);
  CHECK(config.hook.max_wait == 10s);
  CHECK(config.runtime.path == "crun");
}

TEST_CASE("complete example: [pool.web], the resources") {
  const auto config = parse(complete_example).config;
  const auto& web = pool(config, "web");
  CHECK(web.shares.value == 200);
  CHECK(absolute(web.cpu.reservation) == whole_cores(2));
  CHECK(absolute(web.cpu.limit) == whole_cores(6));
  CHECK(web.cpu.shares == 300);
  CHECK(absolute(web.memory.reservation) == Bytes{4 * gib});
  CHECK(absolute(web.memory.limit) == Bytes{12 * gib});
  CHECK(web.memory.swap == Bytes{0});
  CHECK_FALSE(web.memory.hard);
  CHECK(absolute(web.pids.limit) == Tasks{4096});
  REQUIRE(web.cpus);
  CHECK(web.cpus->value.str() == "0-3");
  REQUIRE(web.io.size() == 1);
  CHECK(web.io[0].path.value == "/var/lib/containers");
  CHECK(web.io[0].shares == 200);
  CHECK(web.io[0].write_bps.reservation->value == BytesPerSecond{50'000'000});
  CHECK(web.io[0].write_bps.limit->value == BytesPerSecond{100'000'000});
  CHECK(web.io[0].read_iops.limit->value == OpsPerSecond{2000});
  CHECK_FALSE(web.io[0].read_bps.limit);
  CHECK(web.seccomp == "none");
}

TEST_CASE("complete example: [pool.ci], the policy") {
  const auto config = parse(complete_example).config;
  const auto& ci = pool(config, "ci");
  CHECK(ci.policy.value == PolicyKind::fifo);
  CHECK(ci.mode == Mode::dynamic);
  CHECK(ci.expandable == true);
  CHECK(ci.slice_time == 1s);
  CHECK(ci.backfill);
  CHECK(ci.preempt == Preempt::freeze);
  REQUIRE(ci.spill.size() == 1);
  CHECK(ci.spill[0].value == "batch");
  CHECK(ci.on_error == OnError::closed);
  CHECK(ci.oom == OomScope::group);
  CHECK(ci.max_containers == 200);
}

TEST_CASE("complete example: [pool.ci], its containers") {
  const auto config = parse(complete_example).config;
  const auto& ci = pool(config, "ci");
  CHECK(ci.container.cpu_request == whole_cores(1));
  CHECK(ci.container.cpu_limit == whole_cores(2));
  CHECK(ci.container.memory_request == Bytes{gib});
  CHECK(ci.container.memory_limit == Bytes{2 * gib});
  CHECK(ci.container.value == 1.0);
  CHECK(ci.container.work == 30s);
  REQUIRE(ci.allow);
  CHECK(ci.allow->users == std::vector<std::string>{"gitlab-runner"});
  CHECK(ci.allow->groups == std::vector<std::string>{"ci"});
  CHECK(ci.allow->annotation);
  CHECK(ci.allow->max_priority == 10);
  CHECK(ci.allow->max_request_cpu == whole_cores(4));
  CHECK(ci.allow->max_request_memory == Bytes{8 * gib});
  REQUIRE(ci.match);
  CHECK(ci.match->annotation.at("org.example.team") == "build");
  CHECK(ci.match->cgroup_parent == std::vector<std::string>{"/ci*"});
  CHECK(ci.match->env.at("CI") == "true");
  CHECK(ci.match->uid == std::vector<std::int64_t>{1001});
}

TEST_CASE("complete example: the other pools, and what is not written keeps its default") {
  const auto config = parse(complete_example).config;
  REQUIRE(config.pools.size() == 6);
  CHECK(pool(config, "nightly").parent->value == "team");
  CHECK(pool(config, "release").parent->value == "team");
  const auto& batch = pool(config, "batch");
  CHECK(batch.shares.value == 50);
  CHECK(batch.policy.value == PolicyKind::fair);
  CHECK(batch.mode == Mode::fixed);
  CHECK_FALSE(batch.expandable);
  CHECK_FALSE(batch.parent);
  CHECK_FALSE(batch.allow);
  CHECK_FALSE(batch.match);
  CHECK_FALSE(batch.container.given);
  CHECK(batch.seccomp == "none");
}

TEST_CASE("values: the forms an amount may take") {
  const auto config = parse(
                          "[pool.a]\ncpu = { reservation = 0, limit = \"1500m\" }\n"
                          "memory = { reservation = 4096, limit = \"1.5GiB\", hard = true }\n"
                          "pids.limit = \"50%\"\n[pool.b]\ncpu = { reservation = 0.25, limit = "
                          "\"12.5%\" }\nmemory.limit = \"1GB\"\nseccomp = \"/etc/p.json\"\n")
                          .config;
  const auto& a = pool(config, "a");
  CHECK(absolute(a.cpu.reservation) == Cores{0});
  CHECK(absolute(a.cpu.limit) == Cores{1'500'000});
  CHECK(absolute(a.memory.reservation) == Bytes{4096});
  CHECK(absolute(a.memory.limit) == Bytes{1536 * mib});
  CHECK(a.memory.hard);
  CHECK(std::get<Percent>(a.pids.limit->value) == Percent{500'000});
  const auto& b = pool(config, "b");
  CHECK(absolute(b.cpu.reservation) == Cores{250'000});
  CHECK(std::get<Percent>(b.cpu.limit->value) == Percent{125'000});
  CHECK(absolute(b.memory.limit) == Bytes{1'000'000'000});
  CHECK(b.seccomp == "/etc/p.json");
}
