// SPDX-License-Identifier: Apache-2.0
// The books of a fake machine: what is admitted, what is refused, and what is left of either when
// somebody else takes cgroups away or the process dies in between.
#include "weir/runtime/books.h"

#include <doctest/doctest.h>
#include <map>

#include "weir/cgroup/identity.h"
#include "weir/cgroup/processes.h"
#include "weir/policy/ledger.h"
#include "weir/runtime/apply.h"

#include "runtime/fake_session.h"
#include "support/fake_kernel.h"
#include "support/faulty_io.h"

using namespace weir;
using namespace weir::testing;

namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

/// The published example: 11 of 12 GiB are reserved, RP1 may borrow the last one.
const std::string three_pools = R"(
[host]
reserve = { cpu = 0, memory = "4GiB" }
[pool.rp1]
expandable = true
memory = { reservation = "4GiB" }
[pool.rp2]
memory = { reservation = "4GiB" }
[pool.rp3]
memory = { reservation = "3GiB" }
)";

struct Machine {
  explicit Machine(const std::string& toml, CgroupIo* faulty = nullptr)
      : session(session_on(faulty ? *faulty : kernel, toml, run)) {
    auto fresh = session_on(kernel, toml, run);
    REQUIRE(apply(fresh, Evict::no).has_value());
  }

  [[nodiscard]] std::size_t pool(const std::string& name) { return *session.tree.find(name); }
  [[nodiscard]] CgroupPath path(const std::string& pool_name, const std::string& name) {
    return *session.tree.pools[pool(pool_name)].path.child(name + ".scope");
  }

  /// As `run` does it; a process of its own lives in it.
  Result<Verdict> start(const std::string& pool_name, const std::string& name, std::int64_t bytes) {
    auto books = session.books();
    auto admitted = books.admit(pool(pool_name), record(name, bytes));
    if (admitted) populate(pool_name, record(name, bytes));
    return admitted;
  }

  void populate(const std::string& pool_name, const ContainerRecord& container) {
    const auto at = path(pool_name, container.name.str());
    REQUIRE(kernel.make(at).has_value());
    REQUIRE(kernel.set_attribute(at, attribute::container, container.str()).has_value());
    REQUIRE(kernel.spawn(at).has_value());
  }

  void end(const std::string& pool_name, const std::string& name) {
    REQUIRE(kernel.write(path(pool_name, name), "cgroup.kill", "1").has_value());
  }

  static ContainerRecord record(const std::string& name, std::int64_t bytes) {
    ContainerRecord out{.name = *ContainerName::parse(name)};
    if (bytes > 0) out.memory_limit = Bytes{bytes};
    return out;
  }

  /// What the attribute of a pool's slice says.
  [[nodiscard]] PoolBooks kept(const std::string& pool_name) {
    const auto text = kernel.attribute(session.tree.pools[pool(pool_name)].path, attribute::books);
    REQUIRE(text.has_value());
    return *text ? *PoolBooks::parse(**text) : PoolBooks{};
  }

  FakeKernel kernel;
  TempDir run;
  Session session;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("E1: one is admitted by borrowing, the next is refused, with who holds what is missing") {
  Machine host(three_pools);
  REQUIRE(host.start("rp1", "a", 2 * gib).has_value());
  REQUIRE(host.start("rp1", "b", 2 * gib).has_value());
  REQUIRE(host.start("rp2", "c", 2 * gib).has_value());
  const auto borrowed = host.start("rp1", "d", gib);
  REQUIRE(borrowed.has_value());
  REQUIRE(borrowed->loans.size() == 1);
  CHECK(borrowed->loans[0].amount == gib);
  const auto refused = host.start("rp1", "e", gib);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::no_capacity);
  const auto& words = refused.error().message;
  for (const auto* part : {"'rp1'", "'e'", "1GiB of memory", "1GiB missing", "12GiB",
                           "pool 'rp1' (5GiB)", "pool 'rp2' (4GiB)", "pool 'rp3' (3GiB)"})
    CHECK_MESSAGE(contains(words, part), words, " lacks ", part);
  CHECK(words.find('\n') == std::string::npos);

  const std::vector<PoolBooks> sums{host.kept("rp1"), host.kept("rp2"), host.kept("rp3")};
  const auto accounts = accounts_of(host.session.tree, sums);
  CHECK(accounts[0].borrowed[Resource::memory] == gib);
  CHECK_FALSE(accounts[0].lender.has_value());  // the host
  CHECK(accounts[0].free[Resource::memory] == 0);
  CHECK(accounts[1].free[Resource::memory] == 2 * gib);
}

TEST_CASE("a pool that may not borrow keeps to its reservation, and what never fits says so") {
  Machine host(three_pools);
  REQUIRE(host.start("rp2", "a", 3 * gib).has_value());
  auto books = host.session.books();
  const auto later = books.ask(host.pool("rp2"), Machine::record("b", 2 * gib));
  REQUIRE(later.has_value());
  REQUIRE(later->refused.has_value());
  CHECK_FALSE(later->for_ever);
  CHECK(contains(later->refused->message, "may not borrow"));
  CHECK(contains(later->refused->message, "a (3GiB)"));
  const auto never = books.ask(host.pool("rp2"), Machine::record("c", 5 * gib));
  REQUIRE(never->refused.has_value());
  CHECK(never->for_ever);
  CHECK(contains(never->refused->message, "never can"));
}

TEST_CASE(
    "what a child lacks is borrowed from its parent first, and refused where the chain ends") {
  Machine host(R"(
[host]
reserve = { cpu = 0, memory = "4GiB" }
[pool.team]
memory = { reservation = "4GiB" }
[pool.nightly]
parent = "team"
expandable = true
memory = { reservation = "1GiB" }
[pool.release]
parent = "team"
)");
  REQUIRE(host.start("nightly", "a", 3 * gib).has_value());
  const auto too_much = host.start("release", "b", 2 * gib);
  REQUIRE_FALSE(too_much.has_value());
  CHECK(contains(too_much.error().message, "of pool 'team', which may not borrow"));
  CHECK(contains(too_much.error().message, "pool 'nightly' (3GiB)"));
  CHECK(host.start("release", "c", gib).has_value());
  std::vector<PoolBooks> sums;
  for (const auto& pool : host.session.tree.pools)
    sums.push_back(pool.children.empty() ? host.kept(pool.name().str()) : PoolBooks{});
  const auto accounts = accounts_of(host.session.tree, sums);
  CHECK(accounts[host.pool("nightly")].borrowed[Resource::memory] == 2 * gib);
  CHECK(accounts[host.pool("nightly")].lender == host.pool("team"));
  CHECK(accounts[host.pool("team")].reserved[Resource::memory] == 4 * gib);
  CHECK(accounts[host.pool("team")].free[Resource::memory] == 0);
}

TEST_CASE("limits of all containers together stay within overcommit") {
  Machine host(
      "[host]\nreserve = { cpu = 0, memory = \"4GiB\" }\novercommit = { memory = 1.5 }\n"
      "[pool.a]\n[pool.b]\n");
  const auto record = [](const std::string& name, std::int64_t bytes) {
    auto out = Machine::record(name, bytes);
    out.memory_request = Bytes{gib};
    return out;
  };
  auto books = host.session.books();
  REQUIRE(books.admit(host.pool("a"), record("one", 12 * gib)).has_value());
  host.populate("a", record("one", 12 * gib));
  const auto refused = books.ask(host.pool("b"), record("two", 7 * gib));
  REQUIRE(refused->refused.has_value());
  CHECK(contains(refused->refused->message, "1.5 x the capacity of 12GiB"));
  CHECK_FALSE(refused->for_ever);
  CHECK_FALSE(books.ask(host.pool("b"), record("three", 6 * gib))->refused.has_value());
}

TEST_CASE("max_containers is counted by the books") {
  Machine host("[pool.a]\nmax_containers = 2\n");
  REQUIRE(host.start("a", "one", 0).has_value());
  REQUIRE(host.start("a", "two", 0).has_value());
  const auto refused = host.start("a", "three", 0);
  REQUIRE_FALSE(refused.has_value());
  CHECK(contains(refused.error().message, "has its 2 containers"));
  host.end("a", "one");
  REQUIRE(host.session.books().remove(host.path("a", "one")).has_value());
  CHECK(host.start("a", "three", 0).has_value());
}

TEST_CASE("what a container held is given back by whoever removes it, and by nobody twice") {
  Machine host(three_pools);
  REQUIRE(host.start("rp2", "a", 3 * gib).has_value());
  REQUIRE(host.start("rp2", "b", gib).has_value());
  CHECK(host.kept("rp2").memory_requests == Bytes{4 * gib});
  host.end("rp2", "a");
  REQUIRE(host.session.books().remove(host.path("rp2", "a")).has_value());
  CHECK(host.kept("rp2").memory_requests == Bytes{gib});
  CHECK(host.kept("rp2").leaves == 1);
  REQUIRE(host.session.books().remove(host.path("rp2", "a")).has_value());
  CHECK(host.kept("rp2").memory_requests == Bytes{gib});
}

TEST_CASE(
    "sums that are too high never refuse: cgroups that others removed, or that ended unseen") {
  Machine host(three_pools);
  REQUIRE(host.start("rp2", "a", 2 * gib).has_value());
  REQUIRE(host.start("rp2", "b", 2 * gib).has_value());
  SUBCASE("removed behind the books") {
    host.end("rp2", "a");
    REQUIRE(host.kernel.remove(host.path("rp2", "a")).has_value());
  }
  SUBCASE("removed, and a stranger's cgroup in its place") {
    host.end("rp2", "a");
    REQUIRE(host.kernel.remove(host.path("rp2", "a")).has_value());
    REQUIRE(host.kernel.make(host.path("rp2", "stranger")).has_value());
  }
  SUBCASE("ended while nobody watched") { host.end("rp2", "a"); }
  SUBCASE("damaged sums") {
    host.end("rp2", "a");
    const auto& slice = host.session.tree.pools[host.pool("rp2")].path;
    REQUIRE(host.kernel.set_attribute(slice, attribute::books, "weir 1\nleaves -3\n").has_value());
  }
  CHECK(host.start("rp2", "c", 2 * gib).has_value());
  CHECK(host.kept("rp2").memory_requests == Bytes{4 * gib});
  CHECK_FALSE(host.start("rp2", "d", 1 << 20).has_value());
}

namespace {

/// What is left of a container that was admitted, made and removed again on `io`, whatever went
/// wrong there: the other 2 GiB of its pool can be had once, and only once.
void check_one_after(Machine& host, FaultyIo& io) {
  auto session = session_on(io, three_pools, host.run);
  const auto path = host.path("rp2", "b");
  const auto record = Machine::record("b", 2 * gib);
  const auto all_of_it = [&]() -> Status {
    auto books = session.books();
    WEIR_CHECK(books.admit(host.pool("rp2"), record));
    WEIR_CHECK(io.make(path));
    WEIR_CHECK(io.set_attribute(path, attribute::container, record.str()));
    return books.remove(path);
  };
  try {
    ignore(all_of_it(), "some are taken for done: what it left is what counts");
  } catch (const Died&) {
  }
  REQUIRE(!io.broken().empty());
  // Where its cgroup could not be removed, that is one to remove.
  if (host.kernel.exists(path)) REQUIRE(host.session.books().remove(path).has_value());
  REQUIRE(host.start("rp2", "c", 2 * gib).has_value());
  CHECK_FALSE(host.start("rp2", "d", 1 << 20).has_value());
  const auto counted = host.session.books().recount(host.pool("rp2"), false);
  REQUIRE(counted.has_value());
  CHECK(counted->now.same_sums(counted->before));
}

constexpr std::size_t changes_of_a_life = 4;

}  // namespace

TEST_CASE("killed at any change, admission never promises anything twice and leaks nothing") {
  for (std::size_t n = 1; n <= changes_of_a_life; ++n) {
    CAPTURE(n);
    Machine host(three_pools);
    REQUIRE(host.start("rp2", "a", 2 * gib).has_value());
    FaultyIo io(host.kernel, {.at = n, .dies = true});
    check_one_after(host, io);
  }
}

TEST_CASE("whichever change fails, admission never promises anything twice and leaks nothing") {
  for (std::size_t n = 1; n <= changes_of_a_life; ++n)
    for (const int error : {EBUSY, ENOENT, EACCES, ENOSPC, EIO, ENODEV, EINTR, ENOMEM}) {
      CAPTURE(n);
      CAPTURE(error);
      Machine host(three_pools);
      REQUIRE(host.start("rp2", "a", 2 * gib).has_value());
      FaultyIo io(host.kernel, {.at = n, .error = error});
      check_one_after(host, io);
    }
}

TEST_CASE("a decision reads no container, however many there are") {
  Machine host("[pool.a]\n[pool.b]\n");
  const auto reads_with = [&](int containers) {
    for (int i = 0; i < containers; ++i)
      REQUIRE(host.start("a", "c" + std::to_string(containers) + "x" + std::to_string(i), 0)
                  .has_value());
    FaultyIo io(host.kernel, {.reads = true});
    auto session = session_on(io, "[pool.a]\n[pool.b]\n", host.run);
    REQUIRE(session.books().ask(host.pool("a"), Machine::record("new", 0)).has_value());
    return io.calls();
  };
  const auto few = reads_with(2);
  CHECK(reads_with(60) == few);
}

TEST_CASE(
    "a booking holds its place until its cgroup is there, its holder is gone, or its time is "
    "over") {
  Machine host(three_pools);
  const auto booking_of = [&](int pid, std::uint64_t start) {
    return Booking{*PoolName::parse("rp2"),
                   host.path("rp2", "hooked"),
                   Machine::record("hooked", 3 * gib),
                   pid,
                   start,
                   0};
  };
  const auto me = read_process_stat(self().pid);
  REQUIRE(me.has_value());
  const auto mine = booking_of(me->pid, me->start_time);
  REQUIRE(host.session.books().book(mine).has_value());
  CHECK_FALSE(host.start("rp2", "b", 2 * gib).has_value());
  REQUIRE(host.session.books().bookings()->size() == 1);

  SUBCASE("settled: the container has it now") {
    REQUIRE(host.kernel.make(mine.path).has_value());
    REQUIRE(host.kernel.spawn(mine.path).has_value());
    REQUIRE(host.session.books().settle(mine).has_value());
    CHECK(host.session.books().bookings()->empty());
    CHECK(host.kept("rp2").memory_requests == Bytes{3 * gib});
    CHECK_FALSE(host.start("rp2", "b", 2 * gib).has_value());
  }
  SUBCASE("settled, but killed before the note was gone") {
    REQUIRE(host.kernel.make(mine.path).has_value());
    REQUIRE(host.kernel.spawn(mine.path).has_value());
    REQUIRE(
        host.kernel.set_attribute(mine.path, attribute::container, mine.record.str()).has_value());
    CHECK(host.session.books().bookings()->empty());
    CHECK_FALSE(host.start("rp2", "b", 2 * gib).has_value());
    CHECK(host.start("rp2", "c", gib).has_value());
  }
  SUBCASE("cancelled") {
    REQUIRE(host.session.books().cancel(mine).has_value());
    CHECK(host.start("rp2", "b", 4 * gib).has_value());
  }
  SUBCASE("whoever asked is gone") {
    REQUIRE(host.session.books().cancel(mine).has_value());
    REQUIRE(host.session.books().book(booking_of(me->pid, me->start_time + 1)).has_value());
    CHECK(host.start("rp2", "b", 4 * gib).has_value());
  }
  SUBCASE("its time is over") {
    auto old = mine;
    old.expires_us = 1;
    REQUIRE(host.session.books().cancel(mine).has_value());
    REQUIRE(host.session.books().book(old).has_value());
    CHECK(host.start("rp2", "b", 4 * gib).has_value());
  }
}

TEST_CASE("bookings come and go in any order, also where another weir reads them") {
  Machine host("[pool.a]\n");
  const auto me = read_process_stat(self().pid);
  REQUIRE(me.has_value());
  const auto booking_of = [&](int number, std::int64_t memory) {
    const auto name = fmt::format("c{}", number);
    return Booking{*PoolName::parse("a"),
                   host.path("a", name),
                   Machine::record(name, memory),
                   me->pid,
                   me->start_time,
                   0};
  };
  const auto seen = [&] {
    auto session = session_on(host.kernel, "[pool.a]\n", host.run);
    std::map<std::string, std::int64_t> out;
    const auto bookings = session.books().bookings();
    REQUIRE(bookings.has_value());
    for (const auto& one : *bookings)
      out[one.record.name.str()] = one.record.memory_limit.value_or(Bytes{}).value;
    return out;
  };
  std::map<std::string, std::int64_t> wanted;
  const auto book = [&](int number, std::int64_t memory) {
    REQUIRE(host.session.books().book(booking_of(number, memory)).has_value());
    wanted[fmt::format("c{}", number)] = memory;
  };
  const auto cancel = [&](int number) {
    REQUIRE(host.session.books().cancel(booking_of(number, 0)).has_value());
    wanted.erase(fmt::format("c{}", number));
  };
  for (int i = 0; i < 30; ++i) book(i, 4096 * (i + 1));
  CHECK(seen() == wanted);
  book(7, 8192 * 100);  // asked for once more: one booking, the new one
  CHECK(seen() == wanted);
  for (const int i : {3, 29, 0, 14}) cancel(i);
  CHECK(seen() == wanted);
  for (int i = 40; i < 46; ++i) book(i, 4096);
  CHECK(seen() == wanted);
  cancel(99);  // of nobody
  while (!wanted.empty()) cancel(std::stoi(wanted.begin()->first.substr(1)));
  CHECK(seen().empty());
}

TEST_CASE("verify names sums that are wrong, and repairs them") {
  Machine host(three_pools);
  REQUIRE(host.start("rp2", "a", gib).has_value());
  const auto of_books = [&](bool repair) {
    auto drift = verify(host.session, repair);
    REQUIRE(drift.has_value());
    std::erase_if(*drift, [](const Drift& entry) { return entry.file != "weir.books"; });
    return *drift;
  };
  CHECK(of_books(false).empty());
  const auto& slice = host.session.tree.pools[host.pool("rp2")].path;
  auto wrong = host.kept("rp2");
  wrong.memory_requests = Bytes{2 * gib};
  REQUIRE(host.kernel.set_attribute(slice, attribute::books, wrong.str()).has_value());
  const auto drift = of_books(false);
  REQUIRE(drift.size() == 1);
  CHECK(drift.front().cgroup == slice);
  CHECK_FALSE(drift.front().repaired);
  CHECK(of_books(true).front().repaired);
  CHECK(of_books(false).empty());
  CHECK(host.kept("rp2").memory_requests == Bytes{gib});
}
