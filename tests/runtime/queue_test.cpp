// SPDX-License-Identifier: Apache-2.0
// Tickets of a fake machine: whose turn it is, and who is passed over.
#include "weir/runtime/queue.h"

#include <doctest/doctest.h>
#include <map>

#include "weir/runtime/apply.h"

#include "runtime/fake_session.h"
#include "support/fake_kernel.h"

using namespace weir;
using namespace weir::testing;

namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

std::string pool_for_four(const std::string& more) {
  return "[pool.jobs]\nmemory = { limit = \"4GiB\" }\n" + more;
}

struct Yard {
  explicit Yard(const std::string& toml) : session(session_on(kernel, toml, run)) {
    REQUIRE(apply(session, Evict::no).has_value());
  }

  static ContainerRecord record(const std::string& name, std::int64_t units) {
    ContainerRecord out{.name = *ContainerName::parse(name)};
    out.memory_request = Bytes{units * gib};
    return out;
  }

  [[nodiscard]] CgroupPath path(const std::string& name) const {
    return *session.tree.pools[0].path.child(name + ".scope");
  }

  void start(const std::string& name, std::int64_t units) {
    auto books = session.books();
    REQUIRE(books.admit(0, record(name, units)).has_value());
    REQUIRE(kernel.make(path(name)).has_value());
    REQUIRE(kernel.set_attribute(path(name), attribute::container, record(name, units).str())
                .has_value());
    REQUIRE(kernel.spawn(path(name)).has_value());
  }

  void end(const std::string& name) {
    REQUIRE(kernel.write(path(name), "cgroup.kill", "1").has_value());
  }

  void wait(const std::string& name, std::int64_t units, std::int64_t priority = 0) {
    with_queue([&](Queue& queue) {
      auto asks = record(name, units);
      asks.priority = priority;
      auto held = queue.join(0, asks, 1);
      REQUIRE(held.has_value());
      tickets.emplace(name, std::move(*held));
    });
  }

  template <class Act>
  void with_queue(Act act) {
    auto books = session.books();
    auto queue = Queue::read(session.io, books, session.tree, session.run_dir);
    REQUIRE(queue.has_value());
    act(*queue);
  }

  [[nodiscard]] std::uint64_t number(const std::string& name) const {
    return std::stoull(tickets.at(name).name());
  }

  [[nodiscard]] bool is_next(const std::string& name) {
    bool next = false;
    with_queue([&](Queue& queue) { next = *queue.is_next(number(name)); });
    return next;
  }

  [[nodiscard]] std::string names_in_order() {
    std::string out;
    with_queue([&](Queue& queue) {
      for (const auto& ticket : queue.tickets(0)) out += ticket.record.name.str() + " ";
    });
    return out;
  }

  /// Everyone who may comes in, one after the other.
  [[nodiscard]] std::string let_in() {
    std::string out;
    for (;;) {
      std::string first;
      for (const auto& [name, ticket] : tickets)
        if (is_next(name)) first = name;
      if (first.empty()) return out;
      std::int64_t units = 0;
      with_queue([&](Queue& queue) {
        for (const auto& ticket : queue.tickets(0))
          if (ticket.record.name.str() == first) units = ticket.record.memory_request->value / gib;
      });
      tickets.erase(first);
      start(first, units);
      out += first + " ";
    }
  }

  [[nodiscard]] bool may_come_unasked(const std::string& name, std::int64_t units) {
    bool may = false;
    with_queue([&](Queue& queue) { may = !queue.ask(0, record(name, units))->refused; });
    return may;
  }

  FakeKernel kernel;
  TempDir run;
  Session session;
  std::map<std::string, HeldTicket> tickets;
};

}  // namespace

TEST_CASE("S2: strict fifo lets the head block, with backfill those that fit pass") {
  for (const bool backfill : {false, true}) {
    CAPTURE(backfill);
    Yard yard(
        pool_for_four(backfill ? "policy = \"fifo\"\nbackfill = true\n" : "policy = \"fifo\"\n"));
    yard.start("a", 3);
    yard.wait("b", 2);
    CHECK(yard.may_come_unasked("d", 1) == backfill);
    yard.wait("c", 1);
    CHECK(yard.let_in() == (backfill ? "c " : ""));
    yard.end("a");  // and nobody says so
    CHECK(yard.let_in() == (backfill ? "b " : "b c "));
  }
}

TEST_CASE("priority goes by class, then by arrival, and its head blocks") {
  Yard yard(pool_for_four("policy = \"priority\"\n"));
  yard.start("a", 4);
  yard.wait("low", 1, 0);
  yard.wait("big", 4, 7);
  yard.wait("high", 1, 7);
  yard.end("a");
  CHECK(yard.let_in() == "big ");
  yard.end("big");
  CHECK(yard.let_in() == "high low ");
}

TEST_CASE("a wider gate lets in no more than max_containers") {
  Yard yard("[pool.jobs]\nmax_containers = 2\n");
  yard.start("a", 0);
  yard.start("b", 0);
  yard.wait("c", 0);
  yard.wait("d", 0);
  CHECK(yard.let_in().empty());
  yard.end("a");
  CHECK(yard.let_in() == "c ");
  CHECK_FALSE(yard.may_come_unasked("e", 0));
}

TEST_CASE("a ticket is gone with its holder, or when it is cancelled") {
  Yard yard(pool_for_four("policy = \"fifo\"\n"));
  yard.start("a", 4);
  yard.wait("b", 1);
  yard.wait("c", 1);
  yard.wait("d", 1);
  CHECK(yard.names_in_order() == "b c d ");
  yard.tickets.erase("b");
  CHECK(yard.names_in_order() == "c d ");
  yard.with_queue([&](Queue& queue) {
    CHECK(queue.position(yard.number("c")) == 1);
    CHECK(queue.before(yard.number("d")) == yard.tickets.at("c").name());
    CHECK(queue.before(yard.number("c")).empty());
    CHECK(queue.cancel(yard.number("c")).has_value());
    CHECK(queue.cancel(4711).error().code == Errc::not_found);
  });
  CHECK_FALSE(yard.tickets.at("c").is_there());
  CHECK(yard.names_in_order() == "d ");
}

TEST_CASE("one that was called and did not come stands aside until it stirs") {
  Yard yard(pool_for_four("policy = \"fifo\"\n"));
  yard.wait("slow", 2);
  yard.wait("next", 2);
  yard.with_queue([&](Queue& queue) {
    REQUIRE(queue.call_next().has_value());
    auto called = queue.tickets(0).front();
    CHECK(called.called_us > 0);
    CHECK(queue.tickets(0).back().called_us == 0);
    called.called_us -= 6'000'000;  // six seconds ago
    auto folder = TicketFolder::open(yard.session.run_dir);
    REQUIRE(folder->rewrite(called.name(), called.str()).has_value());
  });
  CHECK(yard.is_next("next"));
  yard.with_queue([](Queue& queue) { CHECK(queue.tickets(0).front().late); });
  CHECK(yard.is_next("slow"));
  CHECK_FALSE(yard.is_next("next"));
}

TEST_CASE("files in the folder that are no tickets do no harm") {
  Yard yard(pool_for_four("policy = \"fifo\"\n"));
  yard.start("a", 4);
  yard.wait("b", 1);
  auto folder = TicketFolder::open(yard.session.run_dir);
  const auto stray = folder->hold("0000000007", "weir 1\nnumber 8\n");
  const auto noise = folder->hold("zzz", std::string(300, '\xff'));
  REQUIRE(stray.has_value());
  CHECK(yard.names_in_order() == "b ");
  yard.wait("c", 1);  // above every number in use
  CHECK(yard.number("c") == 8);
  CHECK(yard.names_in_order() == "b c ");
}

TEST_CASE("a wait without patience is refused at once, a short one when it is over") {
  Yard yard(pool_for_four("policy = \"fifo\"\n"));
  yard.start("a", 4);
  Waiter waiter{.record = Yard::record("b", 1)};
  const auto wait = [&] {
    return wait_for_turn(yard.session.io, yard.session.tree, yard.session.run_dir, waiter);
  };
  CHECK(wait().error().code == Errc::no_capacity);
  std::size_t told = 0;
  waiter.tell = [&](std::size_t place, const std::string&) { told += place == 1 ? 1 : 0; };
  waiter.patience = std::optional{std::chrono::milliseconds{30}};
  const auto over = wait();
  CHECK(over.error().message.find("waited 30ms in vain") == 0);
  CHECK(told == 1);
  CHECK(yard.names_in_order().empty());
  waiter.record = Yard::record("huge", 5);
  waiter.patience = std::optional<std::chrono::milliseconds>{};
  CHECK(wait().error().message.find("never can") != std::string::npos);
  yard.end("a");
  waiter.record = Yard::record("c", 4);
  CHECK(wait().has_value());
}
