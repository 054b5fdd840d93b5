// SPDX-License-Identifier: Apache-2.0
// What weir relies on a cgroup v2 kernel to do. One source, two programs: on the fake
// (fake_machine.cpp) and on a real kernel (kernel_machine.cpp). The numbers are those of
// docs/kernel-notes.md.
#include <chrono>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <thread>

#include "weir/base/text.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

#include "cgroup/machine.h"

using namespace weir;
using weir::testing::Machine;
using weir::testing::make_machine;

namespace {

constexpr std::int64_t mib = 1 << 20;

CgroupPath at(std::string_view path) { return *CgroupPath::parse(path); }

/// The errno of a call, 0 where it went well.
template <class T>
int error_of(const Result<T>& result) {
  return result ? 0 : result.error().sys;
}

struct Bench {
  std::unique_ptr<Machine> machine = make_machine();
  CgroupIo& io = machine->io();

  std::string read(std::string_view path, std::string_view file) {
    const auto text = io.read(at(path), file);
    if (!text) return fmt::format("errno {}", text.error().sys);
    return std::string{trim(*text)};
  }
  int write(std::string_view path, std::string_view file, std::string_view value) {
    return error_of(io.write(at(path), file, value));
  }
  /// What the file says after `value` was written: "errno N" where it was refused.
  std::string after(std::string_view path, std::string_view file, std::string_view value) {
    const int error = write(path, file, value);
    return error == 0 ? read(path, file) : fmt::format("errno {}", error);
  }
  int make(std::string_view path) { return error_of(io.make(at(path))); }
  int remove(std::string_view path) { return error_of(io.remove(at(path))); }
  int spawn(std::string_view path) {
    const auto pid = machine->spawn(at(path));
    REQUIRE_MESSAGE(pid.has_value(), "spawn into ", path);
    return *pid;
  }
  int spawn_error(std::string_view path) { return error_of(machine->spawn(at(path))); }
  int move(int pid, std::string_view path) {
    return write(path, file::cgroup_procs, fmt::format("{}", pid));
  }
  std::int64_t event(std::string_view path, std::string_view key) {
    return static_cast<std::int64_t>(flat_value(read(path, file::cgroup_events), key).value_or(9));
  }
  /// Freezing and dying take a moment.
  bool becomes(std::string_view path, std::string_view key, std::int64_t wanted) {
    for (int i = 0; i < 500; ++i) {
      if (event(path, key) == wanted) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
  }
};

std::string refused(int error) { return fmt::format("errno {}", error); }

}  // namespace

TEST_CASE("mkdir fills in the files of the controllers that the parent enables") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  for (const auto name :
       {file::cpu_weight, file::cpu_max, file::memory_min, file::memory_low, file::memory_high,
        file::memory_max, file::memory_swap_max, file::memory_oom_group, file::memory_current,
        file::pids_max, file::pids_current, file::cpuset_cpus, file::cpuset_cpus_effective,
        file::io_max})
    CHECK_MESSAGE(bench.io.has_file(at("a"), name), name);
  REQUIRE(bench.make("a/b") == 0);
  for (const auto name : {file::cpu_weight, file::memory_max, file::memory_current, file::pids_max,
                          file::cpuset_cpus, file::io_max}) {
    CHECK_MESSAGE(!bench.io.has_file(at("a/b"), name), name);
    CHECK(bench.read("a/b", name) == refused(ENOENT));
    CHECK(bench.write("a/b", name, "1") == ENOENT);
  }
  for (const auto name :
       {file::cgroup_controllers, file::cgroup_events, file::cgroup_freeze, file::cgroup_kill,
        file::cgroup_procs, file::cgroup_stat, file::cgroup_subtree_control, file::cgroup_type,
        file::cpu_stat, file::cpu_pressure, file::memory_pressure, file::io_pressure})
    CHECK_MESSAGE(bench.io.has_file(at("a/b"), name), name);
}

TEST_CASE("a fresh cgroup has these values") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  CHECK(bench.read("a", file::cpu_weight) == "100");
  CHECK(bench.read("a", file::cpu_max) == "max 100000");
  CHECK(bench.read("a", file::memory_min) == "0");
  CHECK(bench.read("a", file::memory_low) == "0");
  CHECK(bench.read("a", file::memory_high) == "max");
  CHECK(bench.read("a", file::memory_max) == "max");
  CHECK(bench.read("a", file::memory_swap_max) == "max");
  CHECK(bench.read("a", file::memory_oom_group) == "0");
  CHECK(bench.read("a", file::memory_current) == "0");
  CHECK(bench.read("a", file::pids_max) == "max");
  CHECK(bench.read("a", file::pids_current) == "0");
  CHECK(bench.read("a", file::cpuset_cpus).empty());
  CHECK(bench.read("a", file::cpuset_cpus_effective) ==
        fmt::format("0-{}", bench.machine->cpus() - 1));
  CHECK(bench.read("a", file::cgroup_controllers) == "cpuset cpu io memory pids");
  CHECK(bench.read("a", file::cgroup_subtree_control).empty());
  CHECK(bench.read("a", file::cgroup_type) == "domain");
  CHECK(bench.read("a", file::cgroup_events) == "populated 0\nfrozen 0");
  CHECK(bench.read("a", file::cgroup_procs).empty());
}

TEST_CASE("a missing cgroup is ENOENT to every call") {
  Bench bench;
  CHECK(!bench.io.exists(at("none")));
  CHECK(!bench.io.has_file(at("none"), file::cgroup_procs));
  CHECK(bench.read("none", file::cgroup_procs) == refused(ENOENT));
  CHECK(bench.write("none", file::cgroup_procs, "1") == ENOENT);
  CHECK(bench.remove("none") == ENOENT);
  CHECK(bench.make("none/below") == ENOENT);
  CHECK(error_of(bench.io.children(at("none"))) == ENOENT);
  CHECK(error_of(bench.io.attribute(at("none"), "pool")) == ENOENT);
  CHECK(error_of(bench.io.set_attribute(at("none"), "pool", "x")) == ENOENT);
  CHECK(error_of(bench.io.directory(at("none"))) == ENOENT);
}

TEST_CASE("a file that does not exist is never created") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  CHECK(bench.write("a", "cpu.wait", "100") == ENOENT);
  CHECK(!bench.io.has_file(at("a"), "cpu.wait"));
}

TEST_CASE("mkdir and rmdir refuse what is there, in use or not empty") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  CHECK(bench.make("a") == EEXIST);
  REQUIRE(bench.make("a/b") == 0);
  CHECK(bench.remove("a") == EBUSY);
  const int pid = bench.spawn("a/b");
  CHECK(bench.remove("a/b") == EBUSY);
  bench.machine->kill(pid);
  CHECK(bench.remove("a/b") == 0);
  CHECK(!bench.io.exists(at("a/b")));
  CHECK(bench.remove("a") == 0);
  bench.machine->reap(pid);
}

TEST_CASE("children are sorted directories, files are not among them") {
  Bench bench;
  for (const auto* path : {"b", "a", "c.slice", "b/x"}) REQUIRE(bench.make(path) == 0);
  const auto names = bench.io.children({});
  REQUIRE(names.has_value());
  CHECK(*names == std::vector<std::string>{"a", "b", "c.slice"});
  CHECK(bench.io.children(at("a"))->empty());
}

TEST_CASE("a cgroup that somebody else removed and made again is the new one") {
  Bench bench;
  auto& other = bench.machine->other();
  REQUIRE(bench.make("a") == 0);
  REQUIRE(bench.write("a", file::cpu_weight, "300") == 0);
  CHECK(bench.read("a", file::cpu_weight) == "300");
  REQUIRE(other.remove(at("a")).has_value());
  CHECK(bench.read("a", file::cpu_weight) == refused(ENOENT));
  CHECK(!bench.io.has_file(at("a"), file::cpu_weight));
  CHECK(error_of(bench.io.attribute(at("a"), "pool")) == ENOENT);
  CHECK(error_of(bench.io.set_attribute(at("a"), "pool", "x")) == ENOENT);
  REQUIRE(other.make(at("a")).has_value());
  CHECK(bench.read("a", file::cpu_weight) == "100");
  CHECK(bench.write("a", file::cpu_weight, "200") == 0);
  REQUIRE(other.remove(at("a")).has_value());
  REQUIRE(other.make(at("a")).has_value());
  CHECK(bench.write("a", file::cpu_weight, "400") == 0);
  REQUIRE(other.remove(at("a")).has_value());
  REQUIRE(other.make(at("a")).has_value());
  CHECK(bench.make("a/b") == 0);
  CHECK(other.exists(at("a/b")));
}

TEST_CASE("subtree_control: signed words, all or nothing") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  const auto control = file::cgroup_subtree_control;
  CHECK(bench.after("a", control, "+pids +cpu") == "cpu pids");
  CHECK(bench.after("a", control, "+memory  -pids") == "cpu memory");
  CHECK(bench.after("a", control, "-io") == "cpu memory");
  CHECK(bench.after("a", control, "+cpu") == "cpu memory");
  CHECK(bench.after("a", control, "+pids -pids") == "cpu memory");
  CHECK(bench.after("a", control, "-pids +pids") == "cpu memory pids");
  CHECK(bench.after("a", control, "") == "cpu memory pids");
  for (const auto* wrong : {"cpu", "+nosuch", "+io +nosuch", "+io+cpuset", "+IO", "+", "max"}) {
    CHECK_MESSAGE(bench.write("a", control, wrong) == EINVAL, wrong);
    CHECK(bench.read("a", control) == "cpu memory pids");
  }
  REQUIRE(bench.make("a/b") == 0);
  CHECK(bench.read("a/b", file::cgroup_controllers) == "cpu memory pids");
  CHECK(bench.write("a/b", control, "+io") == ENOENT);
  CHECK(bench.write("a/b", control, "+cpu +io") == ENOENT);
  CHECK(bench.read("a/b", control).empty());
  REQUIRE(bench.write("a/b", control, "+cpu") == 0);
  CHECK(bench.write("a", control, "-cpu") == EBUSY);
  CHECK(bench.write("a", control, "-memory -cpu") == EBUSY);
  CHECK(bench.read("a", control) == "cpu memory pids");
}

TEST_CASE("switching a controller off takes its files away, and on again gives fresh ones") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  REQUIRE(bench.write("a", file::cgroup_subtree_control, "+cpu +pids") == 0);
  REQUIRE(bench.make("a/b") == 0);
  REQUIRE(bench.write("a/b", file::cpu_weight, "700") == 0);
  REQUIRE(bench.write("a/b", file::pids_max, "70") == 0);
  REQUIRE(bench.write("a", file::cgroup_subtree_control, "-cpu") == 0);
  CHECK(!bench.io.has_file(at("a/b"), file::cpu_weight));
  CHECK(bench.read("a/b", file::pids_max) == "70");
  REQUIRE(bench.write("a", file::cgroup_subtree_control, "+cpu") == 0);
  CHECK(bench.read("a/b", file::cpu_weight) == "100");
}

TEST_CASE("no process beside a domain controller (kernel.md #2, #4, #5)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  REQUIRE(bench.make("a/b") == 0);
  const int pid = bench.spawn("a");
  const auto control = file::cgroup_subtree_control;
  for (const auto* domain : {"+memory", "+io", "+cpu +memory"}) {
    CHECK_MESSAGE(bench.write("a", control, domain) == EBUSY, domain);
    CHECK(bench.read("a", control).empty());
  }
  REQUIRE(bench.move(pid, "a/b") == 0);
  REQUIRE(bench.write("a", control, "+memory") == 0);
  CHECK(bench.move(pid, "a") == EBUSY);
  CHECK(bench.spawn_error("a") == EBUSY);
  CHECK(bench.read("a/b", file::cgroup_procs) == fmt::format("{}", pid));
  CHECK(bench.spawn("a/b") > 0);
}

TEST_CASE("a threaded controller beside processes makes the children invalid (kernel.md #5)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  REQUIRE(bench.make("a/b") == 0);
  REQUIRE(bench.make("c") == 0);
  bench.spawn("a");
  const int pid = bench.spawn("c");
  const auto control = file::cgroup_subtree_control;
  CHECK(bench.write("a", control, "+cpu") == 0);
  CHECK(bench.read("a", file::cgroup_type) == "domain threaded");
  CHECK(bench.read("a/b", file::cgroup_type) == "domain invalid");
  CHECK(bench.move(pid, "a/b") == EOPNOTSUPP);
  CHECK(bench.spawn_error("a/b") == EOPNOTSUPP);
  CHECK(bench.write("a", control, "+memory") == EOPNOTSUPP);
  CHECK(bench.write("a/b", control, "+cpu") == EOPNOTSUPP);
  CHECK(bench.move(pid, "a") == 0);
}

TEST_CASE("a process may enter beside threaded controllers while no child has one") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  REQUIRE(bench.make("a/b") == 0);
  REQUIRE(bench.make("c") == 0);
  REQUIRE(bench.write("a", file::cgroup_subtree_control, "+cpu +pids") == 0);
  const int inside = bench.spawn("a/b");
  const int pid = bench.spawn("c");
  CHECK(bench.move(pid, "a") == EBUSY);
  bench.machine->kill(inside);
  bench.machine->reap(inside);
  CHECK(bench.becomes("a/b", "populated", 0));
  CHECK(bench.move(pid, "a") == 0);
}

TEST_CASE("cgroup.procs: what is no process is refused (kernel.md #4, #6)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  REQUIRE(bench.make("b") == 0);
  const int pid = bench.spawn("b");
  CHECK(bench.write("a", file::cgroup_procs, "abc") == EINVAL);
  CHECK(bench.write("a", file::cgroup_procs, "-1") == EINVAL);
  CHECK(bench.write("a", file::cgroup_procs, "") == EINVAL);
  CHECK(bench.write("a", file::cgroup_procs, "99999999999") == EINVAL);
  CHECK(bench.write("a", file::cgroup_procs, fmt::format("{}\n{}", pid, pid)) == EINVAL);
  CHECK(bench.move(bench.machine->kernel_thread(), "a") == EINVAL);
  CHECK(bench.move(bench.machine->dead_pid(), "a") == ESRCH);
  bench.machine->kill(pid);
  CHECK(bench.move(pid, "a") == 0);
  CHECK(bench.read("a", file::cgroup_procs).empty());
  CHECK(bench.read("b", file::cgroup_procs).empty());
  CHECK(bench.event("b", "populated") == 0);
  CHECK(bench.remove("b") == 0);
  bench.machine->reap(pid);
}

TEST_CASE("populated reaches up, and pids.current counts what is below") {
  Bench bench;
  for (const auto* path : {"a", "a/b"}) REQUIRE(bench.make(path) == 0);
  REQUIRE(bench.write("a", file::cgroup_subtree_control, "+pids") == 0);
  const int first = bench.spawn("a/b");
  const int second = bench.spawn("a/b");
  CHECK(bench.event("a", "populated") == 1);
  CHECK(bench.event("a/b", "populated") == 1);
  CHECK(bench.read("a", file::pids_current) == "2");
  CHECK(bench.read("a/b", file::pids_current) == "2");
  CHECK(bench.read("a", file::cgroup_procs).empty());
  CHECK(bench.read("a/b", file::cgroup_threads) == bench.read("a/b", file::cgroup_procs));
  bench.machine->kill(first);
  bench.machine->reap(first);
  CHECK(bench.read("a", file::pids_current) == "1");
  bench.machine->kill(second);
  CHECK(bench.event("a", "populated") == 0);
  bench.machine->reap(second);
}

TEST_CASE("pids.max stops a birth, not a move (kernel.md #2, #9)") {
  Bench bench;
  for (const auto* path : {"a", "a/b", "c"}) REQUIRE(bench.make(path) == 0);
  REQUIRE(bench.write("a", file::pids_max, "1") == 0);
  const int pid = bench.spawn("a/b");
  CHECK(bench.spawn_error("a/b") == EAGAIN);
  const int mover = bench.spawn("c");
  CHECK(bench.move(mover, "a/b") == 0);
  CHECK(bench.read("a", file::pids_current) == "2");
  CHECK(pid > 0);
}

TEST_CASE("cgroup.kill ends everything below") {
  Bench bench;
  for (const auto* path : {"a", "a/b"}) REQUIRE(bench.make(path) == 0);
  const int pid = bench.spawn("a/b");
  CHECK(bench.write("a", file::cgroup_kill, "0") == ERANGE);
  CHECK(bench.write("a", file::cgroup_kill, "2") == ERANGE);
  CHECK(bench.write("a", file::cgroup_kill, "x") == EINVAL);
  CHECK(bench.read("a", file::cgroup_kill) == refused(EINVAL));
  CHECK(bench.machine->is_alive(pid));
  CHECK(bench.write("a", file::cgroup_kill, "1") == 0);
  CHECK(bench.becomes("a", "populated", 0));
  CHECK(!bench.machine->is_alive(pid));
}

TEST_CASE("files that are only read refuse a write") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  for (const auto name : {file::cgroup_controllers, file::cgroup_events, file::memory_current,
                          file::pids_current, file::cpuset_cpus_effective, file::cpu_stat})
    CHECK_MESSAGE(bench.write("a", name, "1") == EINVAL, name);
}

TEST_CASE("cgroup.freeze: 0 or 1, and it reaches down") {
  Bench bench;
  for (const auto* path : {"a", "a/b"}) REQUIRE(bench.make(path) == 0);
  const int pid = bench.spawn("a/b");
  CHECK(bench.write("a", file::cgroup_freeze, "2") == ERANGE);
  CHECK(bench.write("a", file::cgroup_freeze, "-1") == ERANGE);
  CHECK(bench.write("a", file::cgroup_freeze, "x") == EINVAL);
  CHECK(bench.write("a", file::cgroup_freeze, "") == EINVAL);
  CHECK(bench.after("a", file::cgroup_freeze, "1") == "1");
  CHECK(bench.becomes("a", "frozen", 1));
  CHECK(bench.event("a/b", "frozen") == 1);
  CHECK(bench.read("a/b", file::cgroup_freeze) == "0");
  CHECK(bench.spawn("a/b") > 0);
  CHECK(bench.after("a", file::cgroup_freeze, "0") == "0");
  CHECK(bench.becomes("a/b", "frozen", 0));
  CHECK(bench.machine->is_alive(pid));
}

TEST_CASE("cpu.weight: 1 to 10000 (kernel.md #28)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  const auto weight = file::cpu_weight;
  CHECK(bench.after("a", weight, "1") == "1");
  CHECK(bench.after("a", weight, "10000") == "10000");
  CHECK(bench.after("a", weight, "250\n") == "250");
  CHECK(bench.after("a", weight, "0x10") == "16");
  CHECK(bench.after("a", weight, "010") == "8");
  CHECK(bench.after("a", weight, "0") == refused(ERANGE));
  CHECK(bench.after("a", weight, "10001") == refused(ERANGE));
  CHECK(bench.after("a", weight, "99999999999999999999") == refused(ERANGE));
  for (const auto* wrong : {"", "-1", "abc", "1.5", "1 2", "max"})
    CHECK_MESSAGE(bench.after("a", weight, wrong) == refused(EINVAL), wrong);
  CHECK(bench.read("a", weight) == "8");
}

TEST_CASE("cpu.idle takes the weight away (kernel.md #29)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  REQUIRE(bench.write("a", file::cpu_weight, "300") == 0);
  CHECK(bench.after("a", "cpu.idle", "1") == "1");
  CHECK(bench.read("a", file::cpu_weight) == (bench.machine->is_6_12() ? "1" : "0"));
  CHECK(bench.write("a", file::cpu_weight, "200") == EINVAL);
  CHECK(bench.after("a", "cpu.idle", "0") == "0");
  CHECK(bench.read("a", file::cpu_weight) == "100");
}

TEST_CASE("cpu.max: quota and period in microseconds (kernel.md #30)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  const auto max = file::cpu_max;
  CHECK(bench.after("a", max, "50000 20000") == "50000 20000");
  CHECK(bench.after("a", max, "60000") == "60000 20000");
  CHECK(bench.after("a", max, "max") == "max 20000");
  CHECK(bench.after("a", max, "max 100000") == "max 100000");
  CHECK(bench.after("a", max, "1000 1000") == "1000 1000");
  CHECK(bench.after("a", max, "1000 1000000 extra") == "1000 1000000");
  CHECK(bench.after("a", max, "2000 abc") == "2000 1000000");
  CHECK(bench.after("a", max, "17592186044415 100000") == "17592186044415 100000");
  for (const auto* wrong :
       {"", "999", "1000 999", "1000 1000001", "-1", "abc", "0", "17592186044416 100000"})
    CHECK_MESSAGE(bench.after("a", max, wrong) == refused(EINVAL), wrong);
  CHECK(bench.read("a", max) == "17592186044415 100000");
}

TEST_CASE("a child's cpu.max and memory.max may be above its parent's (kernel.md #60)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  REQUIRE(bench.write("a", file::cgroup_subtree_control, "+cpu +memory") == 0);
  REQUIRE(bench.make("a/b") == 0);
  REQUIRE(bench.write("a", file::cpu_max, "20000 100000") == 0);
  REQUIRE(bench.write("a", file::memory_max, "16777216") == 0);
  CHECK(bench.after("a/b", file::cpu_max, "50000 100000") == "50000 100000");
  CHECK(bench.after("a/b", file::memory_max, "33554432") == "33554432");
}

TEST_CASE("memory limits are whole pages, and large numbers wrap (kernel.md #27)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  for (const auto name : {file::memory_min, file::memory_low, file::memory_high, file::memory_max,
                          file::memory_swap_max}) {
    CAPTURE(name);
    CHECK(bench.after("a", name, "1048576") == "1048576");
    CHECK(bench.after("a", name, "1000000") == "999424");
    CHECK(bench.after("a", name, "4095") == "0");
    CHECK(bench.after("a", name, "5000") == "4096");
    CHECK(bench.after("a", name, "1M") == "1048576");
    CHECK(bench.after("a", name, "8k") == "8192");
    CHECK(bench.after("a", name, "2G") == "2147483648");
    CHECK(bench.after("a", name, " 8192 ") == "8192");
    CHECK(bench.after("a", name, "0x2000") == "8192");
    CHECK(bench.after("a", name, "99999999999999999999") == "7766279631452237824");
    CHECK(bench.after("a", name, "9223372036854775807") == "max");
    CHECK(bench.after("a", name, "9223372036854771711") == "9223372036854767616");
    CHECK(bench.after("a", name, "max") == "max");
    for (const auto* wrong : {"-1", "abc", "1.5G", "1 M", "1MB", "MAX", "1e6"})
      CHECK_MESSAGE(bench.after("a", name, wrong) == refused(EINVAL), wrong);
    CHECK(bench.read("a", name) == "max");
  }
  CHECK(bench.after("a", file::memory_low, "") == "0");
}

TEST_CASE("memory.oom.group: 0 or 1") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  const auto group = file::memory_oom_group;
  CHECK(bench.after("a", group, "1") == "1");
  CHECK(bench.after("a", group, "0\n") == "0");
  for (const auto* wrong : {"2", "-1", "x", ""})
    CHECK_MESSAGE(bench.after("a", group, wrong) == refused(EINVAL), wrong);
}

TEST_CASE("pids.max: 0 to 4194304 or max (kernel.md #31)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  const auto max = file::pids_max;
  CHECK(bench.after("a", max, "0") == "0");
  CHECK(bench.after("a", max, "4194304") == "4194304");
  CHECK(bench.after("a", max, "max\n") == "max");
  for (const auto* wrong : {"4194305", "-1", "abc", "", "1.5", "1k"})
    CHECK_MESSAGE(bench.after("a", max, wrong) == refused(EINVAL), wrong);
  CHECK(bench.after("a", max, "99999999999999999999") == refused(ERANGE));
  CHECK(bench.read("a", max) == "max");
}

TEST_CASE("cpuset.cpus: existing CPUs, and no clearing below tasks (kernel.md #32, #48)") {
  Bench bench;
  REQUIRE(bench.machine->cpus() >= 2);
  for (const auto* path : {"a", "a/b"}) REQUIRE(bench.make(path) == 0);
  REQUIRE(bench.write("a", file::cgroup_subtree_control, "+cpuset") == 0);
  const auto cpus = file::cpuset_cpus;
  CHECK(bench.after("a", cpus, "0-1") == "0-1");
  CHECK(bench.after("a", cpus, "1,0,0") == "0-1");
  CHECK(bench.after("a", cpus, "").empty());
  CHECK(bench.after("a", cpus, fmt::format("{}", bench.machine->cpus())) == refused(ERANGE));
  for (const auto* wrong : {"abc", "1-0", "-1", "0-"})
    CHECK_MESSAGE(bench.after("a", cpus, wrong) == refused(EINVAL), wrong);
  REQUIRE(bench.write("a", cpus, "0") == 0);
  CHECK(bench.read("a", file::cpuset_cpus_effective) == "0");
  CHECK(bench.read("a/b", file::cpuset_cpus_effective) == "0");
  CHECK(bench.after("a/b", cpus, "1") == "1");
  CHECK(bench.read("a/b", file::cpuset_cpus_effective) == "0");
  CHECK(bench.after("a/b", cpus, "").empty());
  const int pid = bench.spawn("a/b");
  CHECK(bench.after("a", cpus, "") == refused(ENOSPC));
  CHECK(bench.after("a", cpus, "0-1") == "0-1");
  bench.machine->kill(pid);
  bench.machine->reap(pid);
  CHECK(bench.becomes("a", "populated", 0));
  CHECK(bench.after("a", cpus, "").empty());
}

TEST_CASE("io.max: one line for each device with a limit (kernel.md #36)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  const auto disk = bench.machine->disk();
  const auto max = file::io_max;
  CHECK(bench.read("a", max).empty());
  CHECK(bench.after("a", max, disk + " rbps=1048576") ==
        disk + " rbps=1048576 wbps=max riops=max wiops=max");
  CHECK(bench.after("a", max, disk + " wiops=50 wbps=2") ==
        disk + " rbps=1048576 wbps=2 riops=max wiops=50");
  CHECK(bench.after("a", max, disk + " rbps=0") == refused(ERANGE));
  for (const auto* wrong : {" rbps=1", " rbps=x", " rbps", " nosuch=5", " rbps=5 nosuch=5", " 5"})
    CHECK_MESSAGE(bench.after("a", max, disk + wrong) == refused(EINVAL), wrong);
  CHECK(bench.after("a", max, "") == refused(EINVAL));
  CHECK(bench.after("a", max, "199:99 rbps=5") == refused(ENODEV));
  CHECK(bench.read("a", max) == disk + " rbps=1048576 wbps=2 riops=max wiops=50");
  CHECK(bench.after("a", max, disk + " rbps=max wbps=max riops=max wiops=max").empty());
}

TEST_CASE("cgroup.max.descendants and depth stop mkdir (kernel.md #60)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  CHECK(bench.after("a", "cgroup.max.descendants", "2") == "2");
  CHECK(bench.write("a", "cgroup.max.descendants", "-1") == ERANGE);
  CHECK(bench.make("a/b") == 0);
  CHECK(bench.make("a/b/c") == 0);
  CHECK(bench.make("a/b/d") == EAGAIN);
  CHECK(bench.make("a/e") == EAGAIN);
  REQUIRE(bench.write("a", "cgroup.max.descendants", "max") == 0);
  REQUIRE(bench.write("a", "cgroup.max.depth", "2") == 0);
  CHECK(bench.make("a/b/d") == 0);
  CHECK(bench.make("a/b/c/f") == EAGAIN);
}

TEST_CASE("attributes lie on the directory and die with it (kernel.md #18)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  CHECK(*bench.io.attribute(at("a"), "pool") == std::nullopt);
  CHECK(bench.io.set_attribute(at("a"), "pool", "one").has_value());
  CHECK(*bench.machine->other().attribute(at("a"), "pool") == "one");
  const std::string binary{"a\0b\n", 4};
  CHECK(bench.io.set_attribute(at("a"), "pool", binary).has_value());
  CHECK(*bench.io.attribute(at("a"), "pool") == binary);
  CHECK(bench.io.set_attribute(at("a"), "pool", "").has_value());
  CHECK(*bench.io.attribute(at("a"), "pool") == "");
  const std::string large(65'536, 'x');
  CHECK(bench.io.set_attribute(at("a"), "pool", large).has_value());
  CHECK(*bench.io.attribute(at("a"), "pool") == large);
  CHECK(error_of(bench.io.set_attribute(at("a"), "pool", large + "x")) == E2BIG);
  for (int i = 0; i < 200; ++i)
    CHECK(bench.io.set_attribute(at("a"), fmt::format("n{}", i), "value").has_value());
  REQUIRE(bench.remove("a") == 0);
  REQUIRE(bench.make("a") == 0);
  CHECK(*bench.io.attribute(at("a"), "pool") == std::nullopt);
}

TEST_CASE("memory charges stay where they were made, and go up with rmdir (kernel.md #19, #21)") {
  Bench bench;
  for (const auto* path : {"p", "q"}) REQUIRE(bench.make(path) == 0);
  REQUIRE(bench.write("p", file::cgroup_subtree_control, "+memory") == 0);
  REQUIRE(bench.make("p/a") == 0);
  const auto hog = bench.machine->spawn_hog(at("p/a"), 16 * mib);
  REQUIRE(hog.has_value());
  const auto used = [&](std::string_view path) {
    return *to_number<std::int64_t>(bench.read(path, file::memory_current));
  };
  CHECK(used("p/a") >= 16 * mib);
  CHECK(used("p") >= 16 * mib);
  REQUIRE(bench.move(*hog, "q") == 0);
  CHECK(used("p/a") >= 16 * mib);
  CHECK(used("q") < 2 * mib);
  REQUIRE(bench.remove("p/a") == 0);
  CHECK(used("p") >= 16 * mib);
  bench.machine->kill(*hog);
  bench.machine->reap(*hog);
}

TEST_CASE("memory.max below what is in use kills inside the write (kernel.md #23, #25, #26)") {
  Bench bench;
  REQUIRE(bench.make("a") == 0);
  const auto hog = bench.machine->spawn_hog(at("a"), 16 * mib);
  REQUIRE(hog.has_value());
  CHECK(bench.write("a", file::memory_reclaim, "32M") == EAGAIN);
  CHECK(bench.write("a", file::memory_high, "4M") == 0);
  CHECK(bench.machine->is_alive(*hog));
  CHECK(bench.write("a", file::memory_high, "max") == 0);
  CHECK(bench.write("a", file::memory_max, "4M") == 0);
  CHECK(!bench.machine->is_alive(*hog));
}
