// SPDX-License-Identifier: Apache-2.0
// A move on the fake kernel: what arrives, what stays, and what is left when a step of it fails or
// weir is killed there.
#include "weir/runtime/move.h"

#include <cerrno>
#include <doctest/doctest.h>
#include <functional>
#include <map>
#include <utility>

#include "weir/base/text.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/books.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/status.h"

#include "relocate.h"
#include "runtime/fake_session.h"
#include "support/fake_kernel.h"
#include "support/faulty_io.h"

using namespace weir;
using namespace weir::testing;

namespace {

constexpr std::int64_t MiB = std::int64_t{1} << 20;
constexpr int faults[] = {EBUSY, ENOENT, EACCES, ENOSPC, EIO, ENODEV, EINTR, ENOMEM};

const std::string pools = R"(
[pool.a]
memory = { limit = "4GiB" }
[pool.b]
memory = { reservation = "1GiB", hard = true }
pids = { limit = 20 }
[pool.team]
[pool.c]
parent = "team"
)";

CgroupPath path(std::string_view text) { return *CgroupPath::parse(text); }
const CgroupPath old_leaf = path("weir.slice/weir-a.slice/x.scope");
const CgroupPath new_leaf = path("weir.slice/weir-b.slice/x.scope");

/// A machine with a container `x` in pool a: 300 MiB allowed, 80 held by processes and 40 of cache,
/// with settings of its own and a cgroup below it.
struct Machine {
  FakeKernel kernel;
  TempDir run;
  std::vector<int> pids;

  Machine() {
    auto session = session_on(kernel, pools, run);
    REQUIRE(apply(session, Evict::no).has_value());
    ContainerRecord record{.name = *ContainerName::parse("x")};
    record.memory_limit = Bytes{300 * MiB};
    record.swap_limit = Bytes{0};
    must(kernel.make(old_leaf));
    must(kernel.set_attribute(old_leaf, attribute::container, record.str()));
    for (const auto& [name, value] : container_files(record, session.tree.pools[0], 100))
      must(kernel.write(old_leaf, name, value));
    must(kernel.write(old_leaf, file::pids_max, "77"));
    must(kernel.write(old_leaf, file::memory_high, "290000000"));
    must(kernel.write(old_leaf, file::cgroup_max_descendants, "17"));
    must(kernel.write(old_leaf, file::cgroup_subtree_control, "+memory +pids"));
    for (const auto* name : {"inner", "other"}) must(kernel.make(*old_leaf.child(name)));
    must(kernel.write(*old_leaf.child("inner"), file::pids_max, "33"));
    for (int i = 0; i < 3; ++i) pids.push_back(*kernel.spawn(*old_leaf.child("inner")));
    for (int i = 0; i < 2; ++i) pids.push_back(*kernel.spawn(*old_leaf.child("other")));
    kernel.use_memory(pids[0], 80 * MiB);
    kernel.use_cache(*old_leaf.child("inner"), 40 * MiB);
    REQUIRE(session.books().recount(0, true).has_value());
  }

  static void must(const Status& done) { REQUIRE_MESSAGE(done.has_value(), done.error().message); }

  Result<MoveReport> move_on(CgroupIo& io, const std::string& to, bool force = false) {
    auto session = session_on(io, pools, run);
    return weir::move(session, {"x", to, false, force});
  }

  std::string read(const CgroupPath& cgroup, std::string_view file) {
    auto text = kernel.read(cgroup, file);
    REQUIRE_MESSAGE(text.has_value(), text.error().message);
    return std::string{trim(*text)};
  }

  std::optional<ContainerRecord> record(const CgroupPath& cgroup) {
    const auto text = kernel.attribute(cgroup, attribute::container);
    if (!text || !*text) return std::nullopt;
    return *ContainerRecord::parse(**text);
  }

  std::size_t processes_in(const CgroupPath& leaf) {
    std::size_t count = 0;
    for (const auto* name : {"inner", "other"})
      if (const auto below = *leaf.child(name); kernel.exists(below))
        count += split_words(read(below, file::cgroup_procs)).size();
    return count;
  }

  std::int64_t limit(const CgroupPath& leaf) {
    return kernel.exists(leaf) ? limit_number(read(leaf, file::memory_max)).value_or(-1) : 0;
  }

  /// Everything a user may rely on, whatever has happened before the last command.
  void check_whole() {
    const auto here = processes_in(old_leaf), there = processes_in(new_leaf);
    CHECK_MESSAGE((here == 0 || there == 0), here, " and ", there);
    CHECK(here + there == pids.size());
    CHECK(kernel.oom_kills() == 0);
    for (const auto& leaf : {old_leaf, new_leaf}) {
      if (!kernel.exists(leaf)) continue;
      if (processes_in(leaf) > 0) {
        CHECK(read(leaf, file::cgroup_freeze) == "0");
        REQUIRE(record(leaf).has_value());
        CHECK_FALSE(record(leaf)->remains);
        CHECK(read(*leaf.child("inner"), file::pids_max) == "33");
      } else {
        REQUIRE(record(leaf).has_value());
        CHECK(record(leaf)->remains);
      }
    }
    if (there > 0) CHECK(limit(old_leaf) + limit(new_leaf) <= 300 * MiB + 4096);
    if (here > 0) CHECK(limit(old_leaf) == 300 * MiB);
  }

  void next_command() {
    auto session = session_on(kernel, pools, run);
    const auto listed = reclaimed_status(session, std::chrono::milliseconds{0});
    REQUIRE_MESSAGE(listed.has_value(), listed.error().message);
    CHECK_MESSAGE(session.warnings.empty(), session.warnings.front());
    CHECK(listed->containers.size() == 1);
    const auto drift = verify(session, false);
    REQUIRE(drift.has_value());
    for (const auto& entry : *drift) CHECK_MESSAGE(entry.file != "weir.books", entry.wanted);
  }
};

/// Something happens just before `file` of `cgroup` is written for the first time, with `value`
/// where that is said.
class Meanwhile final : public Borrowed {
 public:
  Meanwhile(CgroupIo& io, CgroupPath cgroup, std::string_view file, std::function<void()> what,
            std::string_view value = {})
      : Borrowed(io),
        cgroup_(std::move(cgroup)),
        file_(file),
        value_(value),
        what_(std::move(what)) {}
  Status write(const CgroupPath& cgroup, std::string_view file, std::string_view value) override {
    if (cgroup == cgroup_ && file == file_ && what_ && (value_.empty() || value == value_))
      std::exchange(what_, nullptr)();
    return Borrowed::write(cgroup, file, value);
  }

 private:
  CgroupPath cgroup_;
  std::string_view file_, value_;
  std::function<void()> what_;
};

std::size_t count_changes() {
  Machine machine;
  FaultyIo io(machine.kernel);
  REQUIRE(machine.move_on(io, "b").has_value());
  return io.calls();
}

}  // namespace

TEST_CASE("move: all processes and every setting arrive, memory that stays is said and taken off") {
  Machine m;
  const auto moved = m.move_on(m.kernel, "b");
  REQUIRE_MESSAGE(moved.has_value(), moved.error().message);
  CHECK(moved->from == "a");
  CHECK(moved->to == "b");
  CHECK(moved->pids == 5);
  CHECK(moved->memory == Bytes{120 * MiB});
  CHECK(moved->left_behind == Bytes{80 * MiB});
  CHECK(moved->reclaimed == Bytes{40 * MiB});
  CHECK(m.processes_in(new_leaf) == 5);
  CHECK(m.read(new_leaf, file::pids_max) == "77");
  CHECK(m.read(new_leaf, file::memory_high) == "289996800");
  CHECK(m.read(new_leaf, file::cgroup_max_descendants) == "17");
  CHECK(m.read(new_leaf, file::memory_swap_max) == "0");
  // The new pool's reservations are hard.
  CHECK(m.read(new_leaf, file::memory_min) == std::to_string(300 * MiB));
  CHECK(m.limit(new_leaf) == 220 * MiB);
  CHECK(m.limit(old_leaf) == 80 * MiB);
  CHECK(m.record(new_leaf)->total_left_behind() == Bytes{80 * MiB});
  CHECK(m.record(old_leaf)->memory_reserved() == Bytes{80 * MiB});
  m.check_whole();
}

TEST_CASE("move: what has drained is removed by the next command, and the limit rises") {
  Machine m;
  REQUIRE(m.move_on(m.kernel, "b").has_value());
  m.next_command();
  CHECK(m.kernel.exists(old_leaf));
  m.kernel.use_memory(m.pids[0], 10 * MiB);
  m.kernel.release_memory(m.pids[0], old_leaf, 50 * MiB);
  m.next_command();
  CHECK(m.limit(new_leaf) == 270 * MiB);
  CHECK(m.record(old_leaf)->memory_reserved() == Bytes{30 * MiB});
  m.kernel.release_memory(m.pids[0], old_leaf, 30 * MiB);
  m.next_command();
  CHECK_FALSE(m.kernel.exists(old_leaf));
  CHECK(m.limit(new_leaf) == 300 * MiB);
  CHECK(m.record(new_leaf)->left_behind.empty());
  auto session = session_on(m.kernel, pools, m.run);
  const auto drift = verify(session, false);
  REQUIRE(drift.has_value());
  for (const auto& entry : *drift) CHECK(entry.file == file::memory_high);  // the test's own
}

TEST_CASE("move: there and back again reunites it with what it left") {
  Machine m;
  REQUIRE(m.move_on(m.kernel, "b").has_value());
  const auto back = m.move_on(m.kernel, "a");
  REQUIRE_MESSAGE(back.has_value(), back.error().message);
  CHECK(back->path == old_leaf);
  CHECK(m.processes_in(old_leaf) == 5);
  CHECK(m.limit(old_leaf) == 300 * MiB);
  CHECK(m.record(old_leaf)->left_behind.empty());
  m.next_command();
  CHECK_FALSE(m.kernel.exists(new_leaf));
  m.check_whole();
}

TEST_CASE("move: refusals leave everything as it was") {
  Machine m;
  const auto before = m.kernel.dump();
  const auto refused = [&](const std::string& to, Errc code, std::string_view says) {
    const auto moved = m.move_on(m.kernel, to);
    REQUIRE_FALSE(moved.has_value());
    CHECK(moved.error().code == code);
    CHECK_MESSAGE(moved.error().message.find(says) != std::string::npos, moved.error().message);
    CHECK(m.kernel.dump() == before);
  };
  refused("a", Errc::conflict, "already");
  refused("nowhere", Errc::not_found, "no pool");
  refused("team", Errc::usage, "child pools");
}

TEST_CASE("move: no room for its processes or for what it leaves behind, unless forced") {
  SUBCASE("processes") {
    Machine m;
    for (int i = 0; i < 16; ++i) m.pids.push_back(*m.kernel.spawn(*old_leaf.child("other")));
    const auto refused = m.move_on(m.kernel, "b");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::no_capacity);
    CHECK(m.move_on(m.kernel, "b", true).has_value());
    m.check_whole();
  }
  SUBCASE("its own limit") {
    Machine m;
    m.kernel.use_memory(m.pids[1], 179 * MiB + MiB / 2);
    m.kernel.drop_cache(*old_leaf.child("inner"));
    m.kernel.use_memory(m.pids[2], 40 * MiB);
    const auto refused = m.move_on(m.kernel, "b");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::no_capacity);
    CHECK(m.move_on(m.kernel, "b", true).has_value());
    m.check_whole();
  }
}

TEST_CASE("move: what it leaves beyond its reservation needs room in the pool it leaves") {
  Machine m;
  auto asked = *m.record(old_leaf);
  asked.memory_limit.reset();
  asked.memory_request = Bytes{10 * MiB};
  ContainerRecord other{.name = *ContainerName::parse("y")};
  const auto reserve_but = [&](std::int64_t room) {
    other.memory_request = Bytes{4096 * MiB - 10 * MiB - room};
    const auto leaf = path("weir.slice/weir-a.slice/y.scope");
    if (!m.kernel.exists(leaf)) Machine::must(m.kernel.make(leaf));
    Machine::must(m.kernel.spawn(leaf).has_value() ? Status{} : fail(Errc::failed, "no process"));
    Machine::must(m.kernel.set_attribute(leaf, attribute::container, other.str()));
    Machine::must(m.kernel.set_attribute(old_leaf, attribute::container, asked.str()));
    auto session = session_on(m.kernel, pools, m.run);
    REQUIRE(session.books().recount(0, true).has_value());
  };
  const auto booked = [&] {
    return *PoolBooks::parse(**m.kernel.attribute(path("weir.slice/weir-a.slice"), "books"));
  };
  SUBCASE("known before") {
    reserve_but(69 * MiB);
    const auto refused = m.move_on(m.kernel, "b");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::no_capacity);
    CHECK_MESSAGE(refused.error().message.find("stay behind") != std::string::npos,
                  refused.error().message);
    reserve_but(70 * MiB);
    CHECK(m.move_on(m.kernel, "b").has_value());
    CHECK(booked().memory_requests == Bytes{4096 * MiB});
    CHECK(booked().memory_covered == Bytes{10 * MiB});
  }
  SUBCASE("allocated after it was asked for: it stays") {
    reserve_but(70 * MiB);
    Meanwhile io(m.kernel, old_leaf, file::cgroup_freeze,
                 [&] { m.kernel.use_memory(m.pids[1], MiB); });
    const auto refused = m.move_on(io, "b");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::no_capacity);
    CHECK(m.processes_in(old_leaf) == 5);
    CHECK(m.read(old_leaf, file::cgroup_freeze) == "0");
    CHECK(*m.record(old_leaf) == asked);
    CHECK(m.move_on(m.kernel, "b", true).has_value());
    CHECK(booked().memory_requests == Bytes{4097 * MiB});
  }
  SUBCASE("allocated after it was asked for, and there is room") {
    reserve_but(71 * MiB);
    Meanwhile io(m.kernel, old_leaf, file::cgroup_freeze,
                 [&] { m.kernel.use_memory(m.pids[1], MiB); });
    CHECK(m.move_on(io, "b").has_value());
    CHECK(booked().memory_requests == Bytes{4096 * MiB});
  }
}

TEST_CASE("move: what it left in a pool is forgotten only where it finds that cgroup again") {
  Machine m;
  const auto tree = session_on(m.kernel, pools, m.run).tree;
  const auto after = [&](const ContainerRecord& record, std::string_view from, std::string_view to,
                         std::int64_t left) {
    JournalEntry entry;
    entry.from = path(from);
    entry.cgroup = path(to);
    return record_after(tree, record, entry, Bytes{left * MiB});
  };
  const auto parts = [](const ContainerRecord& record) {
    std::map<std::string, std::int64_t> out;
    for (const auto& part : record.left_behind) out[part.pool.str()] = part.bytes.value / MiB;
    return out;
  };
  using Parts = std::map<std::string, std::int64_t>;
  auto record = *m.record(old_leaf);
  SUBCASE("under one name") {
    record =
        after(record, "weir.slice/weir-a.slice/x.scope", "weir.slice/weir-b.slice/x.scope", 20);
    CHECK(parts(record) == Parts{{"a", 20}});
    record = after(record, "weir.slice/weir-b.slice/x.scope", "weir.slice/weir-a.slice/x.scope", 5);
    CHECK(parts(record) == Parts{{"b", 5}});
  }
  SUBCASE("under a new name each time, as on systemd") {
    record =
        after(record, "weir.slice/weir-a.slice/x.scope", "weir.slice/weir-b.slice/x-g2.scope", 20);
    record = after(record, "weir.slice/weir-b.slice/x-g2.scope",
                   "weir.slice/weir-a.slice/x-g3.scope", 5);
    CHECK(parts(record) == Parts{{"a", 20}, {"b", 5}});
    record = after(record, "weir.slice/weir-a.slice/x-g3.scope",
                   "weir.slice/weir-b.slice/x-g4.scope", 7);
    CHECK(parts(record) == Parts{{"a", 27}, {"b", 5}});
    CHECK(record.memory_allowed() == Bytes{268 * MiB});
  }
}

TEST_CASE("move: who counts meanwhile does not take it for one that has ended") {
  Machine m;
  Meanwhile io(m.kernel, old_leaf, file::memory_max, [&] {
    REQUIRE(m.processes_in(old_leaf) == 0);
    auto other = session_on(m.kernel, pools, m.run);
    CHECK(other.books().refresh().has_value());
    CHECK(m.kernel.exists(old_leaf));
  });
  const auto moved = m.move_on(io, "b");
  REQUIRE_MESSAGE(moved.has_value(), moved.error().message);
  CHECK(m.record(old_leaf)->memory_reserved() == Bytes{80 * MiB});
  m.check_whole();
}

TEST_CASE("move: it ends as it arrives and its cgroup goes at once: nothing comes back") {
  Machine m;
  const auto vanish = [&] {
    for (const auto pid : m.pids) m.kernel.kill(pid);
    for (const auto* name : {"inner", "other"})
      Machine::must(m.kernel.remove(*new_leaf.child(name)));
    Machine::must(m.kernel.remove(new_leaf));
  };
  Meanwhile io(m.kernel, new_leaf, file::cgroup_freeze, vanish, "0");
  const auto moved = m.move_on(io, "b");
  REQUIRE_MESSAGE(moved.has_value(), moved.error().message);
  CHECK(m.record(old_leaf)->remains);
}

TEST_CASE("move: what it left goes with it when it ends") {
  Machine m;
  REQUIRE(m.move_on(m.kernel, "b").has_value());
  for (const auto pid : m.pids) m.kernel.kill(pid);
  auto session = session_on(m.kernel, pools, m.run);
  auto books = session.books();
  REQUIRE(books.refresh().has_value());
  CHECK_FALSE(m.kernel.exists(new_leaf));
  CHECK_FALSE(m.kernel.exists(old_leaf));
}

TEST_CASE("move: a container that its owner had frozen stays frozen") {
  Machine m;
  Machine::must(m.kernel.write(old_leaf, file::cgroup_freeze, "1"));
  const auto moved = m.move_on(m.kernel, "b");
  REQUIRE_MESSAGE(moved.has_value(), moved.error().message);
  CHECK(m.read(new_leaf, file::cgroup_freeze) == "1");
  CHECK(m.processes_in(new_leaf) == 5);
}

TEST_CASE(
    "move: whatever fails, the container is whole in one place, running, and it is said where") {
  const auto changes = count_changes();
  CHECK(changes > 20);
  for (std::size_t n = 1; n <= changes; ++n)
    for (const int error : faults) {
      CAPTURE(n);
      CAPTURE(error);
      Machine m;
      FaultyIo io(m.kernel, {.at = n, .error = error});
      const auto moved = m.move_on(io, "b");
      REQUIRE(!io.broken().empty());
      CAPTURE(io.broken());
      m.check_whole();
      CHECK((m.processes_in(new_leaf) == 5) == moved.has_value());
      m.next_command();
      m.check_whole();
      const auto again = m.move_on(m.kernel, moved ? "a" : "b");
      CHECK_MESSAGE(again.has_value(), again.error().message);
      m.check_whole();
    }
}

TEST_CASE("move: killed anywhere, the next command finds it whole or makes it so") {
  const auto changes = count_changes();
  for (std::size_t n = 1; n <= changes; ++n) {
    CAPTURE(n);
    Machine m;
    FaultyIo io(m.kernel, {.at = n, .dies = true});
    CHECK_THROWS_AS(ignore(m.move_on(io, "b"), "it dies"), Died);
    CAPTURE(io.broken());
    m.next_command();
    m.check_whole();
    const bool over = m.processes_in(new_leaf) > 0;
    const auto again = m.move_on(m.kernel, over ? "a" : "b");
    CHECK_MESSAGE(again.has_value(), again.error().message);
    m.check_whole();
  }
}
