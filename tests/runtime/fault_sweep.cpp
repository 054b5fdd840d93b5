// SPDX-License-Identifier: Apache-2.0
// Every errno at every change of an apply and of a teardown, and death at every change: what is
// left must be said, and the next command must put it right.
#include <cerrno>
#include <doctest/doctest.h>

#include "weir/base/text.h"
#include "weir/runtime/apply.h"

#include "runtime/fake_session.h"
#include "support/fake_kernel.h"
#include "support/faulty_io.h"

using namespace weir;
using namespace weir::testing;

namespace {

constexpr int faults[] = {EBUSY, ENOENT, EACCES, ENOSPC, EIO, ENODEV, EINTR, ENOMEM};

/// Twelve pools, three levels, every kind of value.
const std::string twelve_pools = R"(
[pool.web]
shares = 200
cpu = { reservation = 1, limit = 3, shares = 300 }
memory = { reservation = "4GiB", limit = "8GiB", swap = "0", hard = true }
pids = { limit = 4096 }
[pool.ci]
cpu = { limit = 2 }
memory = { limit = "25%" }
[pool.db]
cpus = "2-3"
memory = { reservation = "2GiB" }
[pool.batch]
shares = 50
[pool.team]
cpu = { reservation = 1 }
memory = { reservation = "3GiB", limit = "6GiB" }
[pool.nightly]
parent = "team"
memory = { reservation = "1GiB", hard = true }
[pool.release]
parent = "team"
cpu = { reservation = "50%" }
[pool.lab]
parent = "team"
[pool.one]
parent = "lab"
pids = { limit = 100 }
[pool.two]
parent = "lab"
memory = { limit = "1GiB" }
[pool.spare]
[pool.last]
memory = { swap = "1GiB" }
)";

/// The same pools with other numbers: some rise, some fall, one moves, one goes.
const std::string twelve_pools_changed = R"(
[pool.web]
shares = 100
cpu = { reservation = "1500m", limit = 2 }
memory = { reservation = "2GiB", limit = "3GiB" }
[pool.ci]
cpu = { limit = 3 }
memory = { reservation = "5GiB", limit = "50%" }
pids = { limit = 500 }
[pool.db]
memory = { reservation = "1GiB", hard = true }
[pool.batch]
shares = 500
cpus = "0-1"
[pool.team]
memory = { reservation = "5GiB" }
[pool.nightly]
parent = "team"
memory = { reservation = "2GiB", limit = "4GiB" }
[pool.release]
parent = "team"
[pool.lab]
[pool.one]
parent = "lab"
[pool.two]
parent = "lab"
memory = { limit = "2GiB" }
[pool.spare]
)";

void must_apply(Session& session) {
  const auto report = apply(session, Evict::no);
  REQUIRE_MESSAGE(report.has_value(), report.error().message);
}

std::string dump_of_clean_apply(const std::string& toml) {
  FakeKernel kernel;
  TempDir run;
  auto session = session_on(kernel, toml, run);
  must_apply(session);
  return kernel.dump();
}

/// The attributes say which controllers weir itself switched on: that depends on where an earlier
/// apply stopped, and only on that.
std::string without_records(const std::string& dump) {
  std::string out;
  for (const auto line : split(dump, '\n'))
    if (!line.starts_with("/weir.slice/ pool = ")) out += std::string{line} + "\n";
  return out;
}

void check_repaired(FakeKernel& kernel, const std::string& toml, const TempDir& run,
                    const std::string& wanted) {
  auto session = session_on(kernel, toml, run);
  const auto second = apply(session, Evict::no);
  REQUIRE_MESSAGE(second.has_value(), second.error().message);
  CHECK(second->plan.blocked.empty());
  CHECK(without_records(kernel.dump()) == without_records(wanted));
  const auto third = plan(session);
  REQUIRE(third.has_value());
  CHECK(third->empty());
}

void prepare(FakeKernel& kernel, const std::string& before, const TempDir& run) {
  if (before.empty()) return;
  auto session = session_on(kernel, before, run);
  must_apply(session);
}

/// How many changes it takes when nothing goes wrong.
std::size_t count_changes(const std::string& before, const std::string& after) {
  FakeKernel kernel;
  TempDir run;
  prepare(kernel, before, run);
  FaultyIo io(kernel);
  auto session = session_on(io, after, run);
  must_apply(session);
  return io.calls();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void sweep_errors(const std::string& before, const std::string& after, std::size_t at_least) {
  const auto changes = count_changes(before, after);
  CHECK(changes >= at_least);
  const auto wanted = dump_of_clean_apply(after);
  for (std::size_t n = 1; n <= changes; ++n) {
    for (const int error : faults) {
      CAPTURE(n);
      CAPTURE(error);
      FakeKernel kernel;
      TempDir run;
      prepare(kernel, before, run);
      FaultyIo io(kernel, {.at = n, .error = error});
      {
        auto session = session_on(io, after, run);
        const auto first = apply(session, Evict::no);
        REQUIRE(!io.broken().empty());
        // "It is gone" while it is not: taken for removed, and found by the next command.
        if (error == ENOENT && io.broken().starts_with("rmdir ")) {
          CHECK((first || contains(first.error().message, "step ")));
        } else if (!first) {
          // What the hook needs is written when the last step is done.
          const auto& message = first.error().message;
          CHECK_MESSAGE((contains(message, "step ") || contains(message, "trusted.weir.hook")),
                        message);
          CHECK_MESSAGE(contains(first.error().message, io.broken()), first.error().message);
          CHECK(first.error().sys == error);
        } else {
          FAIL_CHECK("not reported: ", io.broken());
        }
      }
      check_repaired(kernel, after, run, wanted);
    }
  }
}

void sweep_deaths(const std::string& before, const std::string& after) {
  const auto changes = count_changes(before, after);
  const auto wanted = dump_of_clean_apply(after);
  for (std::size_t n = 1; n <= changes; ++n) {
    CAPTURE(n);
    FakeKernel kernel;
    TempDir run;
    prepare(kernel, before, run);
    FaultyIo io(kernel, {.at = n, .dies = true});
    {
      auto session = session_on(io, after, run);
      CHECK_THROWS_AS(ignore(apply(session, Evict::no), "it dies"), Died);
    }
    check_repaired(kernel, after, run, wanted);
  }
}

}  // namespace

TEST_CASE("a first apply that fails anywhere says where, and the second repairs it") {
  sweep_errors("", twelve_pools, 70);
}

TEST_CASE("a changing apply that fails anywhere says where, and the second repairs it") {
  sweep_errors(twelve_pools, twelve_pools_changed, 40);
}

TEST_CASE("an apply that is killed at any change is repaired by the second") {
  sweep_deaths("", twelve_pools);
  sweep_deaths(twelve_pools, twelve_pools_changed);
}

TEST_CASE("no read that fails makes apply write a wrong value") {
  const auto wanted = dump_of_clean_apply(twelve_pools_changed);
  FakeKernel probe;
  TempDir probe_run;
  prepare(probe, twelve_pools, probe_run);
  FaultyIo counter(probe, {.reads = true});
  auto probing = session_on(counter, twelve_pools_changed, probe_run);
  must_apply(probing);
  for (std::size_t n = 1; n <= counter.calls(); ++n) {
    for (const int error : {ENODEV, ENOENT, EIO}) {
      CAPTURE(n);
      CAPTURE(error);
      FakeKernel kernel;
      TempDir run;
      prepare(kernel, twelve_pools, run);
      FaultyIo io(kernel, {.at = n, .error = error, .reads = true});
      auto session = session_on(io, twelve_pools_changed, run);
      ignore(apply(session, Evict::no), "what it left is what counts");
      check_repaired(kernel, twelve_pools_changed, run, wanted);
    }
  }
}

TEST_CASE("teardown leaves the hierarchy as it found it, whatever was needed in between") {
  FakeKernel kernel;
  REQUIRE(kernel.write({}, "cgroup.subtree_control", "+memory").has_value());
  const auto fresh = kernel.dump();
  TempDir run;
  prepare(kernel, "[pool.a]\n", run);
  prepare(kernel, "[pool.a]\ncpus = \"0\"\n[pool.b]\n", run);
  prepare(kernel, "[pool.b]\n", run);
  auto session = session_on(kernel, "[pool.b]\n", run);
  CHECK(plan(session)->empty());
  const auto report = teardown(session, false);
  REQUIRE_MESSAGE(report.has_value(), report.error().message);
  CHECK(report->removed == 2);
  CHECK(kernel.dump() == fresh);
}

TEST_CASE("a controller that a stranger beside the tree uses stays on") {
  FakeKernel kernel;
  TempDir run;
  prepare(kernel, "[pool.a]\n", run);
  const auto stranger = *CgroupPath::parse("stranger");
  REQUIRE(kernel.make(stranger).has_value());
  REQUIRE(kernel.write(stranger, "cpu.weight", "300").has_value());
  auto session = session_on(kernel, "[pool.a]\n", run);
  const auto report = teardown(session, false);
  REQUIRE(report.has_value());
  CHECK(report->kept == std::vector<std::string>{"cpu"});
  CHECK(*kernel.read({}, "cgroup.subtree_control") == "cpu\n");
  CHECK(*kernel.read(stranger, "cpu.weight") == "300\n");
}

TEST_CASE("teardown that fails or dies anywhere is finished by the next") {
  const auto fresh = FakeKernel().dump();
  const auto teardown_of = [](CgroupIo& io, const TempDir& run) {
    auto session = session_on(io, twelve_pools, run);
    return teardown(session, false);
  };
  std::size_t changes = 0;
  {
    FakeKernel kernel;
    TempDir run;
    prepare(kernel, twelve_pools, run);
    FaultyIo io(kernel);
    const auto report = teardown_of(io, run);
    REQUIRE(report.has_value());
    CHECK(report->removed == 13);  // the top slice too
    CHECK(report->kept.empty());
    CHECK(kernel.dump() == fresh);
    changes = io.calls();
  }
  CHECK(changes >= 13);
  for (std::size_t n = 1; n <= changes; ++n) {
    for (const int error : {0, EBUSY, ENOENT, EACCES, ENOSPC, EIO, ENODEV, EINTR, ENOMEM}) {
      CAPTURE(n);
      CAPTURE(error);
      FakeKernel kernel;
      TempDir run;
      prepare(kernel, twelve_pools, run);
      FaultyIo io(kernel, {.at = n, .error = error, .dies = error == 0});
      if (error == 0) {
        CHECK_THROWS_AS(ignore(teardown_of(io, run), "it dies"), Died);
      } else if (const auto report = teardown_of(io, run); !report) {
        const bool lied = error == ENOENT && io.broken().starts_with("rmdir ");
        CHECK_MESSAGE((lied || contains(report.error().message, io.broken())),
                      report.error().message);
      } else {
        CHECK_MESSAGE((error == ENOENT && io.broken().starts_with("rmdir ")), io.broken());
      }
      const auto again = teardown_of(kernel, run);
      REQUIRE_MESSAGE(again.has_value(), again.error().message);
      CHECK(kernel.dump() == fresh);
    }
  }
}
