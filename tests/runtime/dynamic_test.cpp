// SPDX-License-Identifier: Apache-2.0
// Dynamic allocation on the fake kernel, with statistics of the test's making.
#include "weir/runtime/dynamic.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <map>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/leaf.h"

#include "runtime/fake_session.h"
#include "support/fake_kernel.h"

using namespace weir;
using namespace weir::testing;

namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

/// 16 GiB and 4 cores, of which 512 MiB and half a core are kept back.
const std::string lenders = R"(
[pool.owner]
mode = "dynamic"
memory = { reservation = "6GiB" }
[pool.hungry]
mode = "dynamic"
[pool.fixed]
)";

const std::string spillers = R"(
[pool.ci]
cpu = { limit = 2 }
spill = ["batch"]
[pool.batch]
)";

class Scripted final : public UsageSource {
 public:
  bool read(const CgroupPath& cgroup, Detail, Reading& out) override {
    const auto at = readings.find(cgroup.leaf());
    if (at == readings.end()) return false;
    out = at->second;
    return true;
  }
  Reading& of(const std::string& leaf) { return readings[leaf]; }
  std::map<std::string, Reading, std::less<>> readings;
};

struct Machine {
  explicit Machine(const std::string& toml) : session(session_on(kernel, toml, run)) {
    REQUIRE(apply(session, Evict::no).has_value());
    for (const auto& pool : session.tree.pools) usage.of(std::string{pool.path.leaf()});
  }

  /// A second of work: every pool and container in `busy` uses its cores, others nothing.
  void pass(double seconds, const std::map<std::string, double>& busy) {
    time += seconds;
    for (const auto& [leaf, cores] : busy) {
      auto& use = usage.of(leaf).usage;
      use.cpu_us += static_cast<std::uint64_t>(cores * seconds * 1e6);
      use.tasks = 1;
    }
    allocator.observe(time);
  }

  std::string high(const std::string& pool) {
    const auto path = CgroupPath::parse("weir.slice/weir-" + pool + ".slice");
    return std::string{trim(*kernel.read(*path, file::memory_high))};
  }

  void start(const std::string& pool, const std::string& name) {
    const auto index = *session.tree.find(pool);
    ContainerRecord record{.name = *ContainerName::parse(name)};
    const auto path = session.tree.pools[index].path.child(name + ".scope");
    REQUIRE(kernel.make(*path).has_value());
    REQUIRE(kernel.set_attribute(*path, attribute::container, record.str()).has_value());
    usage.of(name + ".scope").usage.memory = 4096;
  }

  FakeKernel kernel;
  TempDir run;
  Session session;
  Scripted usage;
  DynamicAllocator allocator{session, usage};
  double time = 1000;
};

}  // namespace

TEST_CASE("dynamic: a hungry pool gets what the owner never used, and gives it back") {
  Machine machine(lenders);
  auto& hungry = machine.usage.of("weir-hungry.slice");
  const auto grow = [&](std::int64_t bytes) {
    machine.kernel.use_cache(*CgroupPath::parse("weir.slice/weir-hungry.slice"), 0);
    hungry.usage.memory = bytes;
    hungry.parts.file = bytes;
    hungry.usage.events.high += 1;
  };
  machine.pass(2, {{"weir-hungry.slice", 1}});
  grow(4 * gib);
  machine.pass(2, {{"weir-hungry.slice", 1}});
  auto writes = machine.allocator.adjust(machine.time, Acting::write);
  REQUIRE(writes.has_value());
  const auto lent = to_number<std::int64_t>(machine.high("hungry")).value_or(16 * gib);
  CHECK(lent > 14 * gib);
  CHECK(machine.high("fixed") == "max");

  // The owner wakes and runs short at once.
  auto& owner = machine.usage.of("weir-owner.slice");
  for (int i = 0; i < 8; ++i) {
    owner.usage.memory = 2 * gib;
    owner.usage.events.high += 1;
    machine.pass(2, {{"weir-hungry.slice", 1}, {"weir-owner.slice", 1}});
    REQUIRE(machine.allocator.adjust(machine.time, Acting::write).has_value());
  }
  const auto kept = to_number<std::int64_t>(machine.high("hungry"));
  REQUIRE(kept.has_value());
  CHECK(*kept <= 9 * gib + gib / 2);
  CHECK(to_number<std::int64_t>(machine.high("owner")).value_or(16 * gib) >= 6 * gib);
}

TEST_CASE("dynamic: what is only said is not written") {
  Machine machine(lenders);
  auto& hungry = machine.usage.of("weir-hungry.slice");
  machine.pass(2, {{"weir-hungry.slice", 1}});
  hungry.usage.events.high += 1;
  machine.pass(2, {{"weir-hungry.slice", 1}});
  const auto before = machine.kernel.dump();
  const auto writes = machine.allocator.adjust(machine.time, Acting::only_say);
  REQUIRE(writes.has_value());
  CHECK_FALSE(writes->empty());
  for (const auto& write : *writes) CHECK_FALSE(write.reason.empty());
  CHECK(machine.kernel.dump() == before);
}

TEST_CASE("dynamic: what was decided is no drift while it holds, and is undone after") {
  Machine machine(lenders);
  machine.pass(2, {{"weir-hungry.slice", 1}});
  machine.usage.of("weir-hungry.slice").usage.events.high += 1;
  machine.pass(2, {{"weir-hungry.slice", 1}});
  REQUIRE(machine.allocator.adjust(machine.time, Acting::write).has_value());
  REQUIRE(machine.allocator.publish(std::chrono::seconds{60}).has_value());
  auto drift = verify(machine.session, false);
  REQUIRE(drift.has_value());
  CHECK(drift->empty());
  const auto notes = read_dynamics(machine.session);
  REQUIRE(notes[1].has_value());
  CHECK(notes[1]->cpu_demand == whole_cores(1));  // one task cannot use more

  REQUIRE(machine.allocator.publish(std::chrono::seconds{-1}).has_value());
  CHECK_FALSE(read_dynamics(machine.session)[1].has_value());
  drift = verify(machine.session, true);
  REQUIRE(drift.has_value());
  CHECK_FALSE(drift->empty());
  CHECK(machine.high("hungry") == "max");
}

TEST_CASE("dynamic: the end of it gives every pool back what the file says") {
  Machine machine(lenders);
  machine.pass(2, {{"weir-hungry.slice", 1}});
  machine.usage.of("weir-hungry.slice").usage.events.high += 1;
  machine.pass(2, {{"weir-hungry.slice", 1}});
  const auto before = machine.kernel.dump();
  REQUIRE(machine.allocator.adjust(machine.time, Acting::write).has_value());
  REQUIRE(machine.allocator.publish(std::chrono::seconds{60}).has_value());
  CHECK(machine.kernel.dump() != before);
  REQUIRE(end_dynamics(machine.session).has_value());
  CHECK(machine.kernel.dump() == before);
  CHECK_FALSE(read_dynamics(machine.session)[0].has_value());
}

TEST_CASE("dynamic: an overloaded pool spills its cheapest container after three looks") {
  Machine machine(spillers);
  for (const auto* name : {"a", "b", "c"}) machine.start("ci", name);
  machine.usage.of("b.scope").usage.memory = gib;
  machine.usage.of("a.scope").usage.memory = 2 * gib;
  const std::map<std::string, double> busy{{"a.scope", 0.66},
                                           {"b.scope", 0.66},
                                           {"c.scope", 0.66},
                                           {"weir-ci.slice", 2},
                                           {"weir-batch.slice", 0}};
  const auto starve = [&] {
    for (const auto* leaf : {"a.scope", "b.scope", "c.scope"}) {
      auto& use = machine.usage.of(leaf).usage;
      if (!use.cpu_pressure) use.cpu_pressure.emplace();
      use.cpu_pressure->some_us += 700'000;
    }
  };
  machine.pass(1, busy);
  for (int look = 1; look <= 3; ++look) {
    starve();
    machine.pass(1, busy);
    const auto advice = machine.allocator.advise(machine.time);
    if (look < 3) CHECK(advice.empty());
    if (look < 3) continue;
    REQUIRE(advice.size() == 1);
    CHECK(advice[0].container == "c");
    CHECK(machine.session.tree.pools[advice[0].to].name().str() == "batch");
  }
}
