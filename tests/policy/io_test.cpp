// SPDX-License-Identifier: Apache-2.0
// io.max: how a declared disk is divided, and what of a cgroup's io.max is written.
#include "weir/policy/io.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/desired.h"
#include "weir/policy/planner.h"

namespace weir {
namespace {

constexpr DeviceNumber vda{254, 0}, vdb{254, 16};
constexpr std::int64_t mb = 1'000'000;

using Rate = std::optional<std::int64_t>;
IoRates rates(Rate read_bps, Rate write_bps, Rate read_iops, Rate write_iops) {
  return {{read_bps, write_bps, read_iops, write_iops}};
}

/// Pools on disks, without the rest of a configuration.
class Tree {
 public:
  Tree() {
    tree.top = *CgroupPath::parse("weir.slice");
    tree.capacity = {whole_cores(4), {std::int64_t{8} << 30}, {10000}};
  }
  std::size_t disk(DeviceNumber device, IoRates capability) {
    PoolDisk disk;
    disk.carrier.device = device;
    disk.capability = capability;
    if (capability.any()) disk.declared = tree.disks.size();
    tree.disks.push_back(disk);
    return tree.disks.size() - 1;
  }
  std::size_t pool(const std::string& name, std::int64_t shares,
                   std::optional<std::size_t> parent = {}) {
    PoolSpec spec{.name = *PoolName::parse(name)};
    spec.shares.value = shares;
    Pool pool{.spec = spec, .parent = parent};
    const auto above = parent ? tree.pools[*parent].path : tree.top;
    pool.path = *above.child("weir-" + name + ".slice");
    pool.cpu.shares = pool.memory.shares = shares;
    tree.pools.push_back(pool);
    if (parent) tree.pools[*parent].children.push_back(tree.pools.size() - 1);
    return tree.pools.size() - 1;
  }
  void claim(std::size_t pool, DiskClaim claim) {
    claim.entry = tree.pools[pool].spec.io.size();
    tree.pools[pool].spec.io.push_back({.path = {"/disk", {}}});
    tree.pools[pool].io.push_back(claim);
  }
  /// A line for each pool and device: "web 254:0 rbps=...".
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    const auto limits = io_limits(tree);
    for (std::size_t i = 0; i < limits.size(); ++i)
      for (const auto& [device, rates] : limits[i])
        out.push_back(tree.pools[i].name().str() + " " + io_max_line(device, rates));
    return out;
  }
  PoolTree tree;
};

using Lines = std::vector<std::string>;

TEST_CASE("a limit alone is io.max and concerns nobody else") {
  Tree t;
  const auto disk = t.disk(vda, {});
  const auto web = t.pool("web", 100);
  t.pool("batch", 100);
  t.claim(web, {.disk = disk, .limit = rates(100 * mb, {}, {}, 2000)});
  CHECK(t.lines() == Lines{"web 254:0 rbps=100000000 wbps=max riops=max wiops=2000"});
  CHECK_FALSE(is_divided(t.tree, disk));
}

TEST_CASE("a declared disk is not divided because of limits alone") {
  Tree t;
  const auto disk = t.disk(vda, rates(500 * mb, {}, {}, {}));
  t.claim(t.pool("web", 100), {.disk = disk, .limit = rates(50 * mb, {}, {}, {})});
  t.pool("batch", 100);
  CHECK(t.lines() == Lines{"web 254:0 rbps=50000000 wbps=max riops=max wiops=max"});
}

TEST_CASE("shares 1:3 divide what is declared, and only that") {
  Tree t;
  const auto disk = t.disk(vda, rates(400 * mb, 200 * mb, 4000, {}));
  t.claim(t.pool("one", 100), {.disk = disk, .shares = 100});
  t.claim(t.pool("three", 100), {.disk = disk, .shares = 300});
  CHECK(t.lines() == Lines{"one 254:0 rbps=100000000 wbps=50000000 riops=1000 wiops=max",
                           "three 254:0 rbps=300000000 wbps=150000000 riops=3000 wiops=max"});
}

TEST_CASE("a pool without an entry takes part with its own shares") {
  Tree t;
  const auto disk = t.disk(vda, rates({}, 300 * mb, {}, {}));
  t.claim(t.pool("web", 100), {.disk = disk, .shares = 200});
  t.pool("batch", 100);
  CHECK(t.lines() == Lines{"web 254:0 rbps=max wbps=200000000 riops=max wiops=max",
                           "batch 254:0 rbps=max wbps=100000000 riops=max wiops=max"});
}

TEST_CASE("a reservation is a floor, a limit a ceiling of the division") {
  Tree t;
  // The golden examples G3 and G4 of docs/allocator.md, in megabytes.
  const auto disk = t.disk(vda, rates(6 * mb, {}, {}, {}));
  t.claim(t.pool("a", 100), {.disk = disk, .reservation = rates(2 * mb, {}, {}, {})});
  t.claim(t.pool("b", 200), {.disk = disk});
  const auto c = t.pool("c", 300);
  CHECK(t.lines() == Lines{"a 254:0 rbps=2000000 wbps=max riops=max wiops=max",
                           "b 254:0 rbps=1600000 wbps=max riops=max wiops=max",
                           "c 254:0 rbps=2400000 wbps=max riops=max wiops=max"});
  t.claim(c, {.disk = disk, .limit = rates(1'500'000, {}, {}, {})});
  CHECK(t.lines() == Lines{"a 254:0 rbps=2000000 wbps=max riops=max wiops=max",
                           "b 254:0 rbps=2500000 wbps=max riops=max wiops=max",
                           "c 254:0 rbps=1500000 wbps=max riops=max wiops=max"});
}

TEST_CASE("nested pools divide what their parent got, and the parent is written too") {
  Tree t;
  const auto disk = t.disk(vda, rates({}, {}, {}, 400));
  const auto team = t.pool("team", 300);
  t.claim(t.pool("nightly", 100, team), {.disk = disk, .shares = 100});
  t.claim(t.pool("release", 100, team), {.disk = disk, .shares = 200});
  t.pool("batch", 100);
  CHECK(t.lines() == Lines{"team 254:0 rbps=max wbps=max riops=max wiops=300",
                           "nightly 254:0 rbps=max wbps=max riops=max wiops=100",
                           "release 254:0 rbps=max wbps=max riops=max wiops=200",
                           "batch 254:0 rbps=max wbps=max riops=max wiops=100"});
}

TEST_CASE("nothing so small is written that the kernel refuses it or a single request stalls") {
  Tree t;
  const auto disk = t.disk(vda, rates(1000, {}, 3, {}));
  t.claim(t.pool("one", 1), {.disk = disk, .shares = 1});
  t.claim(t.pool("lots", 1), {.disk = disk, .shares = 1000});
  t.claim(t.pool("own", 1), {.disk = disk, .shares = 1, .limit = rates(100, {}, {}, {})});
  CHECK(t.lines()[0] == "one 254:0 rbps=4096 wbps=max riops=2 wiops=max");
  CHECK(t.lines()[2] == "own 254:0 rbps=100 wbps=max riops=2 wiops=max");
}

TEST_CASE("io.max is compared device by device") {
  const auto same = [](std::string_view a, std::string_view b) {
    return same_value(file::io_max, a, b);
  };
  CHECK(same("254:0 rbps=5 wbps=max riops=max wiops=max", "254:0 rbps=5"));
  CHECK(same("7:0 rbps=9 wbps=max\n254:0 rbps=5", "254:0 rbps=5\n7:0 rbps=9\n"));
  CHECK(same("", "254:0 rbps=max wbps=max riops=max wiops=max"));
  CHECK(same("254:0 riops=4294967295 rbps=18446744073709551615", "254:0 rbps=max"));
  CHECK(same("254:0 wiops=4294967295", ""));
  CHECK_FALSE(same("254:0 riops=4294967294", "254:0 riops=max"));
  CHECK_FALSE(same("254:0 rbps=5", "254:0 wbps=5"));
  CHECK_FALSE(same("254:0 rbps=5", "254:16 rbps=5"));
  CHECK_FALSE(same("254:0 rbps=5", "254:0 rbps=five"));
  CHECK(io_max_line(vda, rates({}, {}, 4294967295, 1)) ==
        "254:0 rbps=max wbps=max riops=max wiops=2");
}

/// What a plan writes for one pool whose io.max reads `from`.
std::vector<Change> changes(const Tree& t, std::optional<std::string> from) {
  const auto desired = desired_tree(t.tree, {}, {}, *CpuSet::parse("0-3"));
  ObservedTree observed;
  for (const auto& cgroup : desired.cgroups) {
    ObservedCgroup seen;
    seen.path = cgroup.path;
    seen.kind = cgroup.kind;
    seen.files = cgroup.files;
    seen.pool = PoolRecord::parse(cgroup.record).value();
    for (const auto controller : desired.controllers)
      seen.subtree_control.emplace_back(to_text(controller));
    if (cgroup.kind == CgroupKind::pool) {
      seen.files.erase("io.max");
      if (from) seen.files.emplace("io.max", *from);
    }
    observed.cgroups.push_back(std::move(seen));
  }
  observed.mount_subtree_control = observed.cgroups.front().subtree_control;
  return make_plan(desired, observed).changes;
}

TEST_CASE("each device that differs is one write, and what agrees is none") {
  Tree t;
  const auto web = t.pool("web", 100);
  t.claim(web, {.disk = t.disk(vda, {}), .limit = rates(1000, {}, {}, {})});
  t.claim(web, {.disk = t.disk(vdb, {}), .limit = rates({}, 2000, {}, {})});
  const std::string on_vda = "254:0 rbps=1000 wbps=max riops=max wiops=max";
  const std::string on_vdb = "254:16 rbps=max wbps=2000 riops=max wiops=max";

  SUBCASE("a pool that was just made") {
    const auto made = changes(t, {});
    REQUIRE(made.size() == 2);
    CHECK(made[0].to == on_vda);
    CHECK(made[1].to == on_vdb);
    CHECK_FALSE(made[0].from);
    CHECK(made[0].phase == Phase::raise);
  }
  SUBCASE("a second apply") { CHECK(changes(t, on_vdb + "\n" + on_vda).empty()); }
  SUBCASE("a limit that rose, and one set by hand that is not in the file") {
    const auto made =
        changes(t, "254:0 rbps=500 wbps=max riops=max wiops=max\n" + on_vdb + "\n8:0 riops=7");
    REQUIRE(made.size() == 2);
    CHECK(made[0].from == "8:0 rbps=max wbps=max riops=7 wiops=max");
    CHECK(made[0].to == "8:0 rbps=max wbps=max riops=max wiops=max");
    CHECK(made[1].to == on_vda);
    CHECK(made[1].phase == Phase::raise);
  }
  SUBCASE("a limit that falls is a lowering") {
    const auto made = changes(t, "254:0 rbps=5000\n" + on_vdb);
    REQUIRE(made.size() == 1);
    CHECK(made[0].phase == Phase::lower);
    CHECK(made[0].from == "254:0 rbps=5000 wbps=max riops=max wiops=max");
  }
}

TEST_CASE("without io in the file, limits left over go away and nothing else is touched") {
  Tree t;
  t.pool("web", 100);
  CHECK(changes(t, {}).empty());
  CHECK(changes(t, "").empty());
  const auto made = changes(t, "254:0 rbps=500 wbps=max riops=max wiops=max");
  REQUIRE(made.size() == 1);
  CHECK(made[0].to == "254:0 rbps=max wbps=max riops=max wiops=max");
}

}  // namespace
}  // namespace weir
