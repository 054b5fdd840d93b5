// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/executor.h"

#include <cerrno>
#include <doctest/doctest.h>

#include "support/fake_kernel.h"
#include "support/faulty_io.h"

using namespace weir;
using namespace weir::testing;

namespace {

CgroupPath at(std::string_view path) { return *CgroupPath::parse(path); }

Change make(std::string_view path, std::string record = {}) {
  return {Phase::create, Op::make, at(path), {}, {}, {}, std::move(record)};
}
Change write(std::string_view path, std::string file, std::string to, Phase phase = Phase::raise) {
  return {phase, Op::write, at(path), std::move(file), {}, std::move(to), {}};
}
Change removal(std::string_view path) {
  return {Phase::remove, Op::remove, at(path), {}, {}, {}, {}};
}

}  // namespace

TEST_CASE("execute: in order, with the mark on what it makes") {
  FakeKernel kernel;
  const Plan plan{{make("a", "mark"), write("", "cgroup.subtree_control", "+cpu"),
                   write("a", "cpu.weight", "7")},
                  {}};
  const auto report = execute(kernel, plan);
  CHECK(report.done == 3);
  CHECK_FALSE(report.stopped_by.has_value());
  CHECK(*kernel.read(at("a"), "cpu.weight") == "7\n");
  CHECK(*kernel.attribute(at("a"), "pool") == "mark");
}

TEST_CASE(
    "execute: siblings are made, then marked; where one fails, those before it are complete") {
  Plan plan;
  for (const auto* name : {"a", "b", "c", "d"}) plan.changes.push_back(make(name, "mark"));
  const auto stopped = [&](std::size_t at_change) {
    FakeKernel kernel;
    FaultyIo io(kernel, {.at = at_change, .error = ENOSPC});
    const auto report = execute(io, plan);
    REQUIRE(report.stopped_by.has_value());
    CHECK(report.stopped_by->message.starts_with("step 3 of 4: "));
    CHECK(report.done == 2);
    for (const auto* name : {"a", "b"}) CHECK(*kernel.attribute(at(name), "pool") == "mark");
    return kernel.exists(at("d"));
  };
  CHECK_FALSE(stopped(3));  // the third directory
  CHECK(stopped(7));        // the third mark
}

TEST_CASE("execute: stops at the first refusal and says which step, file and value") {
  FakeKernel kernel;
  const Plan plan{{make("a"), write("a", "cpu.weight", "7"), make("b")}, {}};
  const auto report = execute(kernel, plan);
  CHECK(report.done == 1);
  REQUIRE(report.stopped_by.has_value());
  CHECK(report.stopped_by->message ==
        "step 2 of 3: write '7' to a/cpu.weight: No such file or directory");
  CHECK_FALSE(kernel.exists(at("b")));
}

TEST_CASE("execute: what is made already, and what is gone already, is no failure") {
  FakeKernel kernel;
  REQUIRE(kernel.make(at("a")).has_value());
  const Plan plan{{make("a", "mark"), removal("b"), removal("a")}, {}};
  const auto report = execute(kernel, plan);
  CHECK(report.done == 3);
  CHECK_FALSE(kernel.exists(at("a")));
}

TEST_CASE("execute: processes in the way of a controller get the rule and the remedy") {
  FakeKernel kernel;
  REQUIRE(kernel.write({}, "cgroup.subtree_control", "+memory").has_value());
  REQUIRE(kernel.make(at("a")).has_value());
  REQUIRE(kernel.spawn(at("a")).has_value());
  const auto report = execute(kernel, Plan{{write("a", "cgroup.subtree_control", "+memory")}, {}});
  REQUIRE(report.stopped_by.has_value());
  CHECK(report.stopped_by->sys == EBUSY);
  CHECK(report.stopped_by->hint.find("no-internal-process") != std::string::npos);
}

TEST_CASE("execute: no permission is unsupported, with a hint") {
  FakeKernel kernel;
  FaultyIo io(kernel, {.at = 1, .error = EACCES});
  const auto report = execute(io, Plan{{make("a")}, {}});
  REQUIRE(report.stopped_by.has_value());
  CHECK(report.stopped_by->code == Errc::unsupported);
  CHECK(report.stopped_by->hint.find("root") != std::string::npos);
}

TEST_CASE("execute: a limit is not lowered below what came into use since the plan was made") {
  FakeKernel kernel;
  REQUIRE(kernel.write({}, "cgroup.subtree_control", "+memory +pids").has_value());
  REQUIRE(kernel.make(at("a")).has_value());
  const auto pid = kernel.spawn(at("a"));
  REQUIRE(kernel.spawn(at("a")).has_value());
  kernel.use_memory(*pid, 1 << 20);
  const Plan plan{
      {write("a", "memory.max", "4096", Phase::lower), write("a", "pids.max", "1", Phase::lower),
       write("a", "memory.low", "0", Phase::lower)},
      {}};
  const auto report = execute(kernel, plan);
  CHECK_FALSE(report.stopped_by.has_value());
  CHECK(report.done == 1);
  REQUIRE(report.blocked.size() == 2);
  CHECK(report.blocked[0].reason ==
        "1MiB is in use and could not be taken back, 1020KiB more than the limit");
  CHECK(report.blocked[1].reason == "pids.current rose to 2 meanwhile");
  CHECK(*kernel.read(at("a"), "memory.max") == "max\n");
  CHECK(kernel.oom_kills() == 0);
}

TEST_CASE("execute: what can be reclaimed makes room for a lower limit") {
  FakeKernel kernel;
  REQUIRE(kernel.write({}, "cgroup.subtree_control", "+memory +pids").has_value());
  REQUIRE(kernel.make(at("a")).has_value());
  const auto pid = kernel.spawn(at("a"));
  kernel.use_memory(*pid, 1 << 20);
  kernel.use_cache(at("a"), 9 << 20);
  const Plan plan{{write("a", "memory.max", "4194304", Phase::lower)}, {}};
  const auto report = execute(kernel, plan);
  CHECK(report.done == 1);
  CHECK(report.blocked.empty());
  CHECK(*kernel.read(at("a"), "memory.max") == "4194304\n");
  CHECK(*kernel.read(at("a"), "memory.high") == "max\n");
  CHECK(kernel.oom_kills() == 0);
}

TEST_CASE("execute: a grower waits for a sibling that could not shrink, if both do not fit") {
  FakeKernel kernel;
  REQUIRE(kernel.write({}, "cgroup.subtree_control", "+memory").has_value());
  REQUIRE(kernel.make(at("p")).has_value());
  REQUIRE(kernel.write(at("p"), "memory.max", "20971520").has_value());
  REQUIRE(kernel.write(at("p"), "cgroup.subtree_control", "+memory").has_value());
  for (const auto* name : {"p/a", "p/b"}) {
    REQUIRE(kernel.make(at(name)).has_value());
    REQUIRE(kernel.write(at(name), "memory.max", "10485760").has_value());
  }
  kernel.use_memory(*kernel.spawn(at("p/a")), 8 << 20);
  const auto lower = write("p/a", "memory.max", "4194304", Phase::lower);
  const auto grow = [&](const char* to) {
    return execute(kernel, Plan{{lower, write("p/b", "memory.max", to, Phase::raise)}, {}});
  };
  const auto both = grow("16777216");
  REQUIRE(both.blocked.size() == 2);
  CHECK(both.blocked[1].reason == "waits for a, which could not shrink");
  CHECK(*kernel.read(at("p/b"), "memory.max") == "10485760\n");
  CHECK(kernel.write(at("p"), "memory.max", "41943040").has_value());
  CHECK(grow("16777216").blocked.size() == 1);
  CHECK(*kernel.read(at("p/b"), "memory.max") == "16777216\n");
}

TEST_CASE("restoring controllers: off again, but for those that somebody uses") {
  FakeKernel kernel;
  for (const auto* name : {"w.slice", "user", "plain"}) REQUIRE(kernel.make(at(name)).has_value());
  REQUIRE(kernel.write({}, "cgroup.subtree_control", "+cpu +memory +pids +io").has_value());
  REQUIRE(kernel.write(at("w.slice"), "memory.max", "4096").has_value());
  REQUIRE(kernel.write(at("user"), "pids.max", "5").has_value());
  REQUIRE(kernel.write(at("plain"), "cgroup.subtree_control", "+io").has_value());
  const auto kept = restore_controllers(kernel, at("w.slice"), {"cpu", "memory", "pids", "io"});
  REQUIRE(kept.has_value());
  CHECK(*kept == std::vector<std::string>{"pids", "io"});
  CHECK(*kernel.read({}, "cgroup.subtree_control") == "io pids\n");
}
