// SPDX-License-Identifier: Apache-2.0
// Hosts and trees as recorded machines have them (tests/fixtures).
#include "support/recorded.h"

#include <doctest/doctest.h>

#include "weir/base/text.h"
#include "weir/cgroup/host_reader.h"
#include "weir/cgroup/observe.h"

using namespace weir;
using weir::testing::RecordedMachine;

namespace {

constexpr std::int64_t mib = 1 << 20;

Host host_of(const std::string& name) {
  const RecordedMachine machine(name);
  const auto host = read_host(machine.roots());
  REQUIRE_MESSAGE(host.has_value(), host.error().message);
  REQUIRE(host->cgroup.has_value());
  return *host;
}

/// Everything of a tree that a reader must not lose, one line for each cgroup.
std::vector<std::string> kinds(const ObservedTree& tree) {
  static constexpr std::string_view names[] = {"top", "pool", "container", "foreign"};
  std::vector<std::string> out;
  for (const auto& cgroup : tree.cgroups)
    out.push_back(std::string{names[static_cast<std::size_t>(cgroup.kind)]} + " " +
                  std::string{cgroup.path.leaf()});
  return out;
}

}  // namespace

TEST_CASE("recorded hosts: a guest with 2 CPUs on 6.1 and on 6.12") {
  for (const auto* name : {"vm-6.1.txt", "vm-6.12.txt"}) {
    CAPTURE(name);
    const auto host = host_of(name);
    CHECK(host.online.str() == "0-1");
    CHECK(host.cpu_total() == whole_cores(2));
    CHECK_FALSE(host.cpu_quota.has_value());
    CHECK(host.memory_total > Bytes{1300 * mib});
    CHECK(host.memory_total < Bytes{1536 * mib});
    CHECK(host.swap_total == Bytes{0});
    CHECK(host.tasks_max.value > 1000);
    CHECK(host.tasks_max.value <= 32'768);
    CHECK(host.kernel_release.starts_with(name == std::string{"vm-6.1.txt"} ? "6.1." : "6.12."));
    for (const auto controller : all_controllers) CHECK(host.cgroup->has(controller));
    CHECK(host.cgroup->psi);
    CHECK_FALSE(host.cgroup->systemd);
    CHECK_FALSE(host.cgroup->delegated);
    CHECK(host.cgroup->backend == Backend::cgroupfs);
    REQUIRE_FALSE(host.disks.empty());
    CHECK(host.disks.front().name == "vda");
    CHECK(host.disks.front().size > Bytes{1024 * mib});
  }
}

TEST_CASE("recorded hosts: inside a limited cgroup only what is given counts") {
  const auto host = host_of("vm-6.12-limited.txt");
  CHECK(host.online.str() == "0");
  CHECK(host.cpu_quota == Cores{500'000});
  CHECK(host.cpu_total() == Cores{500'000});
  // memory.high throttles before memory.max kills: the lower of both is what there is.
  CHECK(host.memory_total == Bytes{384 * mib});
  CHECK(host.swap_total == Bytes{0});
  CHECK(host.tasks_max == Tasks{500});
  CHECK(host.cgroup->delegated);
}

TEST_CASE("recorded hosts: two NUMA nodes") {
  const auto host = host_of("vm-6.12-numa.txt");
  CHECK(host.online.str() == "0-3");
  REQUIRE(host.numa_nodes.size() == 2);
  std::size_t cpus = 0;
  Bytes memory;
  for (const auto& node : host.numa_nodes) {
    CHECK(node.memory > Bytes{100 * mib});
    cpus += node.cpus.size();
    memory += node.memory;
  }
  CHECK(cpus >= 4);
  CHECK(memory <= Bytes{1536 * mib});
  CHECK(host.numa_nodes[0].id == 0);
  CHECK(host.numa_nodes[1].id == 1);
}

TEST_CASE("recorded hosts: where systemd runs weir asks it") {
  const auto host = host_of("vm-6.12-systemd.txt");
  CHECK(host.cgroup->systemd);
  CHECK(host.cgroup->backend == Backend::systemd);
  CHECK(host.cgroup->backend_reason.find("systemd") != std::string::npos);
}

TEST_CASE("recorded trees: pools, a running container and a stranger") {
  for (const auto* name : {"vm-6.1.txt", "vm-6.12.txt"}) {
    CAPTURE(name);
    RecordedMachine machine(name);
    auto io = machine.cgroups();
    if (!machine.attributes_kept) {
      MESSAGE("this file system takes no attributes");
      continue;
    }
    const auto tree = observe(io, *CgroupPath::parse("weir.slice"), Depth::containers);
    REQUIRE_MESSAGE(tree.has_value(), tree.error().message);
    CHECK(kinds(*tree) == std::vector<std::string>{"top weir.slice", "pool weir-team.slice",
                                                   "pool weir-team-nightly.slice",
                                                   "container sleeper.scope", "pool weir-web.slice",
                                                   "foreign stranger"});
    const auto& web = tree->cgroups[4];
    CHECK(web.files.at("memory.low") == "104857600");
    CHECK(web.files.at("memory.max") == "299999232");
    CHECK(web.files.at("cpu.max") == "100000 100000");
    CHECK_FALSE(web.populated);
    const auto& nightly = tree->cgroups[2];
    CHECK(nightly.files.at("memory.min") == "104857600");
    CHECK(nightly.files.at("pids.max") == "100");
    CHECK(nightly.files.at("cpuset.cpus") == "0");
    CHECK(nightly.subtree_control == std::vector<std::string>{"cpuset", "cpu", "memory", "pids"});
    const auto& sleeper = tree->cgroups[3];
    CHECK(sleeper.populated);
    CHECK(sleeper.memory_current > 0);
    REQUIRE(sleeper.container.has_value());
    CHECK(sleeper.container->memory_limit == Bytes{32 * mib});
    CHECK(sleeper.files.at("memory.max") == "33554432");
    CHECK(sleeper.files.at("memory.oom.group") == "1");
  }
}

TEST_CASE("recorded trees: a damaged record makes a stranger, not a failure") {
  RecordedMachine machine("vm-6.12.txt");
  auto io = machine.cgroups();
  if (!machine.attributes_kept) return;
  const auto nightly = *CgroupPath::parse("weir.slice/weir-team.slice/weir-team-nightly.slice");
  const auto sleeper = *nightly.child("sleeper.scope");
  REQUIRE(io.set_attribute(sleeper, "container", "weir 1\nname ../../etc\n").has_value());
  REQUIRE(io.set_attribute(nightly, "pool", std::string(1000, '\xff')).has_value());
  const auto tree = observe(io, *CgroupPath::parse("weir.slice"), Depth::containers);
  REQUIRE(tree.has_value());
  CHECK(tree->find(nightly)->kind == CgroupKind::foreign);
  CHECK(tree->find(sleeper) == nullptr);  // nobody looks into a stranger's
}
