// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/planner.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace weir {
namespace {

CgroupPath at(std::string_view path) { return *CgroupPath::parse(path); }

/// A plan as one line for each change.
std::vector<std::string> lines(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& change : plan.changes)
    out.push_back(change.op == Op::write
                      ? fmt::format("{} {}/{} {} -> {}", to_text(change.phase), change.cgroup.str(),
                                    change.file, change.from.value_or("-"), change.to)
                      : fmt::format("{} {}", to_text(change.op), change.cgroup.str()));
  return out;
}

using Lines = std::vector<std::string>;

DesiredCgroup wanted(std::string_view path, FileValues files, CgroupKind kind = CgroupKind::pool) {
  DesiredCgroup out;
  out.path = at(path);
  out.kind = kind;
  out.files = std::move(files);
  out.inner = kind != CgroupKind::container;
  if (out.inner) out.record = kind == CgroupKind::top ? "weir 1\npool w\n" : "weir 1\npool p\n";
  return out;
}

DesiredTree tree(std::vector<DesiredCgroup> cgroups) {
  return {std::move(cgroups), {Controller::cpu, Controller::memory}, *CpuSet::parse("0-3")};
}

ObservedCgroup seen(std::string_view path, FileValues files, CgroupKind kind = CgroupKind::pool) {
  ObservedCgroup out;
  out.path = at(path);
  out.kind = kind;
  out.files = std::move(files);
  if (kind == CgroupKind::pool || kind == CgroupKind::top) {
    out.subtree_control = {"cpu", "memory"};
    out.pool =
        *PoolRecord::parse(kind == CgroupKind::top ? "weir 1\npool w\n" : "weir 1\npool p\n");
  }
  if (kind == CgroupKind::container)
    out.container = ContainerRecord{.name = *ContainerName::parse("c")};
  return out;
}

ObservedTree observed(std::vector<ObservedCgroup> cgroups) {
  return {std::move(cgroups), {"cpu", "memory"}};
}

TEST_CASE("what systemd would write otherwise is written again, though the kernel has it right") {
  auto web = seen("w.slice", {{"memory.max", "8192"}, {"pids.max", "20"}, {"io.max", ""}},
                  CgroupKind::top);
  web.managed = {{"memory.max", "8192"}, {"pids.max", "55"}, {"io.max", "8:0 rbps=4096"}};
  const auto plan = make_plan(
      tree({wanted("w.slice", {{"memory.max", "8192"}, {"pids.max", "20"}, {"io.max", ""}},
                   CgroupKind::top)}),
      observed({web}));
  CHECK(lines(plan) ==
        Lines{"raise w.slice/io.max 8:0 rbps=max wbps=max riops=max wiops=max -> 8:0 rbps=max "
              "wbps=max riops=max wiops=max",
              "raise w.slice/pids.max 20 -> 20"});
  web.managed = {{"memory.max", "8192"}, {"pids.max", "20"}};
  CHECK(make_plan(tree({wanted("w.slice", {{"memory.max", "8192"}}, CgroupKind::top)}),
                  observed({web}))
            .empty());
}

TEST_CASE("from nothing: make all, enable from above, then only what is not the default") {
  const auto plan = make_plan(
      tree({wanted("w.slice", {{"cpu.weight", "2800"}, {"memory.max", "max"}}, CgroupKind::top),
            wanted("w.slice/a.slice", {{"cpu.weight", "100"}, {"memory.low", "8192"}}),
            wanted("w.slice/a.slice/b.slice", {{"memory.low", "4096"}, {"memory.max", "8192"}})}),
      {{}, {"memory"}});
  CHECK(lines(plan) ==
        Lines{"make w.slice", "make w.slice/a.slice", "make w.slice/a.slice/b.slice",
              "enable /cgroup.subtree_control memory -> +cpu",
              "enable w.slice/cgroup.subtree_control  -> +cpu +memory",
              "enable w.slice/a.slice/cgroup.subtree_control  -> +cpu +memory",
              "enable w.slice/a.slice/b.slice/cgroup.subtree_control  -> +cpu +memory",
              "raise w.slice/cpu.weight - -> 2800", "raise w.slice/a.slice/memory.low - -> 8192",
              "raise w.slice/a.slice/b.slice/memory.max - -> 8192",
              "raise w.slice/a.slice/b.slice/memory.low - -> 4096"});
  // The top slice remembers what was off before.
  CHECK(plan.changes.front().record == "weir 1\npool w\nenabled cpu\n");
}

TEST_CASE("what is as wanted is no change, rounding and spelling included") {
  const auto plan = make_plan(
      tree({wanted("w.slice", {}, CgroupKind::top),
            wanted("w.slice/a.slice", {{"memory.max", "8192"}, {"cpu.max", "max 100000"}})}),
      observed({seen("w.slice", {}, CgroupKind::top),
                seen("w.slice/a.slice", {{"memory.max", "8195"}, {"cpu.max", "max 50000"}})}));
  CHECK(plan.empty());
}

TEST_CASE("raising goes down the tree, lowering up, and within a cgroup the other way round") {
  const auto plan = make_plan(
      tree({wanted("w.slice", {{"cpu.max", "200000 100000"}, {"pids.max", "50"}}, CgroupKind::top),
            wanted("w.slice/a.slice",
                   {{"memory.max", "16384"}, {"memory.high", "16384"}, {"pids.max", "40"}}),
            wanted("w.slice/b.slice", {{"cpu.max", "100000 100000"}, {"pids.max", "max"}})}),
      observed(
          {seen("w.slice", {{"cpu.max", "100000 100000"}, {"pids.max", "90"}}, CgroupKind::top),
           seen("w.slice/a.slice",
                {{"memory.max", "8192"}, {"memory.high", "8192"}, {"pids.max", "80"}}),
           seen("w.slice/b.slice", {{"cpu.max", "50000 100000"}, {"pids.max", "5"}})}));
  CHECK(lines(plan) == Lines{"raise w.slice/cpu.max 100000 100000 -> 200000 100000",
                             "raise w.slice/a.slice/memory.max 8192 -> 16384",
                             "raise w.slice/a.slice/memory.high 8192 -> 16384",
                             "raise w.slice/b.slice/cpu.max 50000 100000 -> 100000 100000",
                             "raise w.slice/b.slice/pids.max 5 -> max",
                             "lower w.slice/a.slice/pids.max 80 -> 40",
                             "lower w.slice/pids.max 90 -> 50"});
}

TEST_CASE("who grows beside a shrinker waits, and what grows below it too") {
  const auto plan = make_plan(
      tree({wanted("w.slice", {}, CgroupKind::top),
            wanted("w.slice/a.slice", {{"memory.low", "20480"}}),
            wanted("w.slice/a.slice/c.slice", {{"memory.low", "16384"}}),
            wanted("w.slice/b.slice", {{"memory.low", "4096"}, {"cpu.weight", "200"}})}),
      observed({seen("w.slice", {}, CgroupKind::top),
                seen("w.slice/a.slice", {{"memory.low", "8192"}}),
                seen("w.slice/a.slice/c.slice", {{"memory.low", "8192"}}),
                seen("w.slice/b.slice", {{"memory.low", "12288"}, {"cpu.weight", "100"}})}));
  CHECK(lines(plan) == Lines{"raise w.slice/b.slice/cpu.weight 100 -> 200",
                             "lower w.slice/b.slice/memory.low 12288 -> 4096",
                             "raise w.slice/a.slice/memory.low 8192 -> 20480",
                             "raise w.slice/a.slice/c.slice/memory.low 8192 -> 16384"});
}

TEST_CASE("a limit below what is in use is blocked, the rest is done") {
  auto busy =
      seen("w.slice/a.slice", {{"memory.max", "max"}, {"pids.max", "max"}, {"memory.low", "0"}});
  busy.populated = true;
  busy.memory_current = 65'536;
  busy.pids_current = 7;
  const auto desired =
      tree({wanted("w.slice", {}, CgroupKind::top),
            wanted("w.slice/a.slice",
                   {{"memory.max", "32768"}, {"pids.max", "6"}, {"memory.low", "4096"}})});
  auto plan = make_plan(desired, observed({seen("w.slice", {}, CgroupKind::top), busy}));
  CHECK(lines(plan) == Lines{"raise w.slice/a.slice/memory.low 0 -> 4096"});
  REQUIRE(plan.blocked.size() == 2);
  CHECK(plan.blocked[0].file == "memory.max");
  CHECK(plan.blocked[0].reason ==
        "64KiB is in use and cannot be taken back, 32KiB more than the limit; the kernel would "
        "kill for it");
  CHECK(plan.blocked[1].file == "pids.max");
  CHECK(plan.conflict() == nullptr);
  // Exactly what is in use is allowed; so is anything below an empty cgroup.
  busy.memory_current = 32'768;
  busy.pids_current = 6;
  CHECK(make_plan(desired, observed({seen("w.slice", {}, CgroupKind::top), busy})).blocked.empty());
  busy.memory_current = 65'536;
  busy.populated = false;
  CHECK(make_plan(desired, observed({seen("w.slice", {}, CgroupKind::top), busy})).blocked.empty());
}

TEST_CASE("an empty pool that left the file is removed, children first") {
  const auto plan =
      make_plan(tree({wanted("w.slice", {}, CgroupKind::top)}),
                observed({seen("w.slice", {}, CgroupKind::top), seen("w.slice/a.slice", {}),
                          seen("w.slice/a.slice/b.slice", {}), seen("w.slice/c.slice", {})}));
  CHECK(lines(plan) == Lines{"remove w.slice/a.slice/b.slice", "remove w.slice/a.slice",
                             "remove w.slice/c.slice"});
}

TEST_CASE("a pool that left the file with somebody in it forbids the whole plan") {
  for (const auto kind : {CgroupKind::container, CgroupKind::foreign}) {
    const auto plan =
        make_plan(tree({wanted("w.slice", {}, CgroupKind::top)}),
                  observed({seen("w.slice", {}, CgroupKind::top), seen("w.slice/a.slice", {}),
                            seen("w.slice/a.slice/x.scope", {}, kind)}));
    REQUIRE(plan.conflict() != nullptr);
    CHECK(plan.conflict()->cgroup.str() == "w.slice/a.slice");
    CHECK(plan.conflict()->reason ==
          "pool 'p' is no longer in the file at this place, but holds x.scope");
    CHECK(plan.changes.empty());
  }
}

TEST_CASE("a stranger's slice beside the pools is nobody's to remove") {
  const auto plan = make_plan(
      tree({wanted("w.slice", {}, CgroupKind::top)}),
      observed({seen("w.slice", {}, CgroupKind::top),
                seen("w.slice/theirs.slice", {{"cpu.weight", "7"}}, CgroupKind::foreign)}));
  CHECK(plan.empty());
}

TEST_CASE("a slice without weir's record is taken over, not made twice") {
  auto half = seen("w.slice/a.slice", {{"cpu.weight", "100"}}, CgroupKind::foreign);
  half.subtree_control = {"cpu"};
  const auto plan = make_plan(tree({wanted("w.slice", {}, CgroupKind::top),
                                    wanted("w.slice/a.slice", {{"cpu.weight", "5"}})}),
                              observed({seen("w.slice", {}, CgroupKind::top), half}));
  CHECK(lines(plan) == Lines{"make w.slice/a.slice",
                             "enable w.slice/a.slice/cgroup.subtree_control cpu -> +memory",
                             "lower w.slice/a.slice/cpu.weight 100 -> 5"});
}

TEST_CASE("a controller that the file needs only now is noted before it is switched on") {
  auto top = seen("w.slice", {}, CgroupKind::top);
  top.pool->enabled = {"cpu"};
  top.subtree_control = {"cpu"};
  const auto plan = make_plan(tree({wanted("w.slice", {}, CgroupKind::top)}), {{top}, {"cpu"}});
  CHECK(lines(plan) == Lines{"make w.slice", "enable /cgroup.subtree_control cpu -> +memory",
                             "enable w.slice/cgroup.subtree_control cpu -> +memory"});
  CHECK(plan.changes.front().record == "weir 1\npool w\nenabled cpu\nenabled memory\n");
  CHECK(plan.changes.front().from == "weir 1\npool w\nenabled cpu\n");
}

TEST_CASE("the top slice's weight may stand anywhere in its range") {
  auto top = wanted("w.slice", {{"cpu.weight", "2800"}}, CgroupKind::top);
  top.weight_range = {2000, 5600};
  for (const auto& [weight, fine] : std::vector<std::pair<const char*, bool>>{
           {"2000", true}, {"5600", true}, {"1999", false}, {"5601", false}, {"max", false}}) {
    CAPTURE(weight);
    const auto plan = make_plan(
        tree({top}), observed({seen("w.slice", {{"cpu.weight", weight}}, CgroupKind::top)}));
    CHECK(plan.empty() == fine);
  }
}

TEST_CASE("a pool that gives its CPUs back gets the list of all while tasks are inside") {
  for (const bool populated : {true, false}) {
    auto pool = seen("w.slice/a.slice", {{"cpuset.cpus", "0-1"}});
    pool.populated = populated;
    const auto plan =
        make_plan(tree({wanted("w.slice", {}, CgroupKind::top), wanted("w.slice/a.slice", {})}),
                  observed({seen("w.slice", {}, CgroupKind::top), pool}));
    CHECK(lines(plan) == Lines{populated ? "raise w.slice/a.slice/cpuset.cpus 0-1 -> 0-3"
                                         : "raise w.slice/a.slice/cpuset.cpus 0-1 -> "});
  }
}

TEST_CASE("teardown removes what weir made below the top slice, deepest first") {
  const auto plan = make_teardown_plan(
      observed({seen("w.slice", {}, CgroupKind::top), seen("w.slice/a.slice", {}),
                seen("w.slice/a.slice/x.scope", {}, CgroupKind::container),
                seen("w.slice/theirs", {}, CgroupKind::foreign), seen("w.slice/b.slice", {})}));
  CHECK(lines(plan) == Lines{"remove w.slice/a.slice/x.scope", "remove w.slice/a.slice",
                             "remove w.slice/b.slice"});
}

}  // namespace
}  // namespace weir
