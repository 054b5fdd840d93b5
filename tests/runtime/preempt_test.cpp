// SPDX-License-Identifier: Apache-2.0
// Who gives way on a fake machine, what the books say of it, and who goes on again.
#include "weir/runtime/preempt.h"

#include <doctest/doctest.h>

#include "weir/model/freeze_reasons.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/queue.h"

#include "runtime/fake_session.h"
#include "support/fake_kernel.h"
#include "support/faulty_io.h"

using namespace weir;
using namespace weir::testing;

namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

std::string two_cores(const std::string& how) {
  return "[pool.jobs]\npolicy = \"priority\"\npreempt = \"" + how +
         "\"\ncpu = { limit = 2 }\nmemory = { limit = \"4GiB\" }\n";
}

ContainerRecord job(const std::string& name, std::int64_t priority, std::int64_t cores,
                    std::int64_t gibs = 1) {
  ContainerRecord out{.name = *ContainerName::parse(name)};
  out.priority = priority;
  out.cpu_request = whole_cores(cores);
  out.memory_request = Bytes{gibs * gib};
  return out;
}

struct Floor {
  explicit Floor(const std::string& toml) : session(session_on(kernel, toml, run)) {
    REQUIRE(apply(session, Evict::no).has_value());
  }

  [[nodiscard]] CgroupPath path(const std::string& name) const {
    return *session.tree.pools[0].path.child(name + ".scope");
  }

  void start(const ContainerRecord& record) {
    const auto at = path(record.name.str());
    REQUIRE(session.books().admit(0, record).has_value());
    REQUIRE(kernel.make(at).has_value());
    REQUIRE(kernel.set_attribute(at, attribute::container, record.str()).has_value());
    REQUIRE(kernel.spawn(at).has_value());
  }

  /// Names of those that gave way.
  std::string preempt(const ContainerRecord& record) {
    auto books = session.books();
    const auto victims = preempt_for(kernel, session.tree, books, 0, record);
    REQUIRE(victims.has_value());
    std::string out;
    for (const auto& victim : *victims) out += victim.record.name.str() + " ";
    return out;
  }

  [[nodiscard]] bool fits(const ContainerRecord& record) {
    return !session.books().ask(0, record)->refused;
  }
  [[nodiscard]] bool is_frozen(const std::string& name) {
    return kernel.read(path(name), "cgroup.freeze")->front() == '1';
  }
  /// As one who comes asks the queue.
  [[nodiscard]] bool ask(const ContainerRecord& record) {
    auto books = session.books();
    auto queue = Queue::read(kernel, books, session.tree, session.run_dir);
    REQUIRE(queue.has_value());
    const auto verdict = queue->ask(0, record);
    REQUIRE(verdict.has_value());
    return !verdict->refused;
  }
  void call_next() { weir::call_next(kernel, session.tree, session.run_dir); }

  FakeKernel kernel;
  TempDir run;
  Session session;
};

}  // namespace

TEST_CASE("freezing gives back CPU and nothing else, of lower classes and as few as suffice") {
  Floor floor(two_cores("freeze"));
  floor.start(job("low", 0, 1));
  floor.start(job("mid", 3, 1));
  CHECK(floor.preempt(job("same", 0, 1)).empty());
  CHECK(floor.preempt(job("big", 9, 1, 3)).empty());  // memory would be missing
  CHECK(floor.preempt(job("huge", 9, 3)).empty());
  CHECK(floor.preempt(job("high", 3, 1)) == "low ");
  CHECK(floor.is_frozen("low"));
  CHECK_FALSE(floor.is_frozen("mid"));
  CHECK(floor.fits(job("high", 3, 1)));
  CHECK_FALSE(floor.fits(job("high", 3, 1, 3)));
  CHECK_FALSE(floor.fits(job("high", 3, 2)));
  CHECK(floor.preempt(job("higher", 9, 2)) == "mid ");
}

TEST_CASE("a pool that does not preempt, or is no priority pool, has no victims") {
  for (const std::string toml :
       {"[pool.jobs]\npolicy = \"priority\"\ncpu = { limit = 2 }\n",
        "[pool.jobs]\npolicy = \"fifo\"\npreempt = \"freeze\"\ncpu = { limit = 2 }\n"}) {
    Floor floor(toml);
    floor.start(job("low", 0, 2));
    CHECK(floor.preempt(job("high", 9, 1)).empty());
    CHECK_FALSE(floor.is_frozen("low"));
  }
}

TEST_CASE("who was frozen goes on when there is room, the highest class first") {
  Floor floor(two_cores("freeze"));
  floor.start(job("low", 0, 1));
  floor.start(job("mid", 3, 1));
  REQUIRE(floor.preempt(job("high", 9, 2)) == "low mid ");
  floor.start(job("high", 9, 1));
  floor.call_next();
  CHECK_FALSE(floor.is_frozen("mid"));
  CHECK(floor.is_frozen("low"));
  REQUIRE(floor.kernel.write(floor.path("high"), "cgroup.kill", "1").has_value());
  REQUIRE(floor.session.books().remove(floor.path("high")).has_value());
  floor.call_next();
  CHECK_FALSE(floor.is_frozen("low"));
  CHECK_FALSE(floor.fits(job("more", 0, 1)));
}

TEST_CASE("who comes as the higher one ends does not pass whom that had frozen") {
  for (const int priority : {0, 1, 5}) {
    CAPTURE(priority);
    Floor floor(two_cores("freeze"));
    floor.start(job("low", 1, 2));
    REQUIRE(floor.preempt(job("high", 9, 2)) == "low ");
    floor.start(job("high", 9, 2));
    // Its cgroup is gone, and nobody has looked since.
    REQUIRE(floor.kernel.write(floor.path("high"), "cgroup.kill", "1").has_value());
    REQUIRE(floor.kernel.remove(floor.path("high")).has_value());
    const auto newcomer = job("new", priority, 2);
    CHECK(floor.ask(newcomer) == (priority > 1));
    CHECK(floor.is_frozen("low") == (priority > 1));
  }
}

TEST_CASE("killed at any change of a preemption, nobody counts for less than it uses") {
  for (std::size_t n = 1; n <= 3; ++n) {
    CAPTURE(n);
    Floor floor(two_cores("freeze"));
    floor.start(job("low", 0, 2));
    FaultyIo io(floor.kernel, {.at = n, .dies = true});
    const auto strike = [&] {
      auto books = Books{io, floor.session.tree, floor.session.run_dir};
      ignore(preempt_for(io, floor.session.tree, books, 0, job("high", 9, 2)), "it dies");
    };
    CHECK_THROWS_AS(strike(), Died);
    // Either it stands still and its CPU is free, or it runs and is counted.
    CHECK(floor.fits(job("other", 9, 1)) == floor.is_frozen("low"));
    floor.call_next();
    CHECK_FALSE(floor.is_frozen("low"));
    CHECK_FALSE(floor.fits(job("other", 9, 1)));
  }
}

TEST_CASE("killing takes what suffices, for memory too, and an equal class never") {
  Floor floor(two_cores("kill"));
  floor.start(job("low", 0, 0, 2));
  floor.start(job("mid", 5, 0, 2));
  CHECK(floor.preempt(job("same", 0, 0, 1)).empty());
  CHECK(floor.preempt(job("high", 5, 0, 3)).empty());
  CHECK(floor.preempt(job("high", 5, 0, 2)) == "low ");
  CHECK(floor.fits(job("high", 5, 0, 2)));
}
