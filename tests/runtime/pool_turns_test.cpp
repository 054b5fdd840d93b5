// SPDX-License-Identifier: Apache-2.0
// Turns of a round-robin pool on a fake kernel and a clock of the test's.
#include "agent/pool_turns.h"

#include <doctest/doctest.h>

#include "weir/base/text.h"
#include "weir/model/kernel_files.h"
#include "weir/runtime/freeze.h"

#include "support/fake_kernel.h"
#include "support/temp_dir.h"

using namespace weir;
using namespace weir::testing;

namespace {

using std::chrono::seconds;

struct Rotating {
  FakeKernel kernel;
  CgroupPath path = *CgroupPath::parse("weir.slice");
  std::vector<Member> members;
  PoolTurns turns{Cores{1'000'000}, seconds{1}};
  AgentTime begin = AgentTime{} + seconds{1000};

  Rotating() { REQUIRE(kernel.make(path)); }

  CgroupPath add(const std::string& name, std::int64_t since, std::optional<Cores> request = {}) {
    ContainerRecord record{.name = *ContainerName::parse(name)};
    record.since_us = since;
    record.cpu_request = request;
    const auto leaf = *path.child(name + ".scope");
    REQUIRE(kernel.make(leaf));
    REQUIRE(kernel.spawn(leaf));
    members.push_back({record, leaf, 0});
    return leaf;
  }
  void drop(const std::string& name) {
    std::erase_if(members, [&](const Member& m) { return m.record.name.str() == name; });
  }
  /// Names of those that run at `second`.
  std::string running_at(double second) {
    const auto now = begin + std::chrono::duration_cast<AgentTime::duration>(
                                 std::chrono::duration<double>{second});
    REQUIRE(turns.step(kernel, members, now));
    std::string out;
    for (const auto& member : members)
      if (trim(*kernel.read(member.path, file::cgroup_freeze)) == "0")
        out += member.record.name.str();
    return out;
  }
};

}  // namespace

TEST_CASE("members take turns in order of arrival, one slice each") {
  Rotating pool;
  pool.add("a", 1);
  pool.add("b", 2);
  pool.add("c", 3);
  CHECK(pool.running_at(0) == "a");
  CHECK(pool.running_at(0.9) == "a");
  CHECK(pool.running_at(1) == "b");
  CHECK(pool.running_at(2.1) == "c");
  // Lateness is not passed on.
  CHECK(pool.turns.end_of_turn() == pool.begin + seconds{3});
  CHECK(pool.running_at(3) == "a");
}

TEST_CASE("members that fit together share a turn; who asked for nothing has one for itself") {
  Rotating pool;
  pool.add("a", 1, Cores{400'000});
  pool.add("b", 2, Cores{600'000});
  pool.add("c", 3);
  CHECK(pool.running_at(0) == "ab");
  CHECK(pool.running_at(1) == "c");
  CHECK(pool.running_at(2) == "ab");
}

TEST_CASE("who comes at the end of a turn stands before the one whose turn it was") {
  Rotating pool;
  pool.add("a", 1);
  CHECK(pool.running_at(0) == "a");
  CHECK_FALSE(pool.turns.end_of_turn());
  pool.add("b", 2);
  CHECK(pool.running_at(0.5) == "a");
  pool.add("c", 3);
  CHECK(pool.running_at(1) == "b");
  CHECK(pool.running_at(2) == "c");
  CHECK(pool.running_at(3) == "a");
}

TEST_CASE("a turn ends early when its member leaves, and the last one runs on") {
  Rotating pool;
  pool.add("a", 1);
  pool.add("b", 2);
  CHECK(pool.running_at(0) == "a");
  pool.drop("a");
  CHECK(pool.running_at(0.3) == "b");
  CHECK_FALSE(pool.turns.end_of_turn());
  CHECK(pool.running_at(7) == "b");
}

TEST_CASE("a container of the same name is another one and starts at the tail") {
  Rotating pool;
  pool.add("a", 1);
  pool.add("b", 2);
  CHECK(pool.running_at(0) == "a");
  pool.members[0].record.since_us = 3;
  CHECK(pool.running_at(0.2) == "b");
  CHECK(pool.running_at(1.2) == "a");
}

TEST_CASE("at its end everybody runs, except who stood still before") {
  Rotating pool;
  const auto a = pool.add("a", 1);
  const auto b = pool.add("b", 2);
  const auto c = pool.add("c", 3);
  REQUIRE(pool.kernel.write(c, file::cgroup_freeze, "1"));
  CHECK(pool.running_at(0) == "a");
  CHECK(pool.running_at(2) == "b");
  CHECK(pool.running_at(3) == "");  // its turn is lost, not its stillness
  REQUIRE(pool.turns.stop(pool.kernel));
  CHECK(trim(*pool.kernel.read(a, file::cgroup_freeze)) == "0");
  CHECK(trim(*pool.kernel.read(b, file::cgroup_freeze)) == "0");
  CHECK(trim(*pool.kernel.read(c, file::cgroup_freeze)) == "1");
}

TEST_CASE("two reasons: a container runs when neither is left") {
  Rotating pool;
  const auto a = pool.add("a", 1);
  const auto is_still = [&] { return trim(*pool.kernel.read(a, file::cgroup_freeze)) == "1"; };
  REQUIRE(freeze_for(pool.kernel, a, FreezeReason::turn));
  REQUIRE(freeze_for(pool.kernel, a, FreezeReason::preemption));
  REQUIRE(thaw_all_from(pool.kernel, pool.path, FreezeReason::turn));
  CHECK(is_still());
  REQUIRE(thaw_from(pool.kernel, a, FreezeReason::turn));
  CHECK(is_still());
  REQUIRE(thaw_from(pool.kernel, a, FreezeReason::preemption));
  CHECK_FALSE(is_still());
}

TEST_CASE("what an agent froze is thawed by the next command once the agent is no more") {
  Rotating pool;
  const auto a = pool.add("a", 1);
  const auto is_still = [&] { return trim(*pool.kernel.read(a, file::cgroup_freeze)) == "1"; };
  const TempDir folder;
  const auto run_dir = RunDir::open(folder.path());
  REQUIRE(run_dir);
  REQUIRE(freeze_for(pool.kernel, a, FreezeReason::turn));
  REQUIRE(thaw_abandoned(pool.kernel, *run_dir, pool.path));
  CHECK(is_still());  // no agent ever said that it would take turns here
  REQUIRE(announce_turns(*run_dir));
  {
    const auto agent = run_dir->claim(agent_claim);
    REQUIRE(agent);
    REQUIRE(thaw_abandoned(pool.kernel, *run_dir, pool.path));
    CHECK(is_still());
  }
  REQUIRE(thaw_abandoned(pool.kernel, *run_dir, pool.path));
  CHECK_FALSE(is_still());
  REQUIRE(freeze_for(pool.kernel, a, FreezeReason::turn));
  REQUIRE(thaw_abandoned(pool.kernel, *run_dir, pool.path));
  CHECK(is_still());  // there is no note any more
}
