// SPDX-License-Identifier: Apache-2.0
// From what is written to numbers on one host.
#include <fmt/format.h>

#include "support.h"

using namespace weir;
using namespace weir::test;

namespace {

/// 4.5 CPUs for pools would be odd: 4 of 4.5 are, once 0.5 are kept back. 8 GiB likewise.
const std::string whole = "[host]\nreserve = { cpu = 0, memory = 0 }\n";
constexpr std::int64_t gib = std::int64_t{1} << 30;

Checked on_four(std::string text) { return check(whole + text, machine(4, 8192)); }

const Pool& pool(const Checked& checked, std::string_view name) {
  const auto found = checked.tree.find(name);
  REQUIRE_MESSAGE(found, checked.text);
  return checked.tree.pools[*found];
}

/// One diagnostic, an error, at a line below `whole`.
void expect_one(const Checked& checked, std::uint32_t line, std::uint32_t column,
                std::string_view message, bool warning = false) {
  CAPTURE(checked.text);
  REQUIRE(checked.diagnostics.size() == 1);
  CHECK(checked.diagnostics[0].at == SourcePos{0, line + 2, column});
  CHECK(checked.diagnostics[0].warning == warning);
  CHECK_MESSAGE(contains(checked.diagnostics[0].message, message), std::string{message});
}

}  // namespace

TEST_CASE("resolve: parents stand before children, siblings in file order") {
  const auto checked = on_four(
      "[pool.leaf]\nparent = \"team\"\n[pool.web]\n[pool.team]\n[pool.first]\nparent = \"team\"\n");
  CHECK(checked.diagnostics.empty());
  std::vector<std::string> names;
  for (const auto& p : checked.tree.pools) names.push_back(p.name().str());
  CHECK(names == std::vector<std::string>{"web", "team", "leaf", "first"});
  CHECK(pool(checked, "team").children == std::vector<std::size_t>{2, 3});
  CHECK(pool(checked, "leaf").parent == std::size_t{1});
  CHECK(checked.tree.top.str() == "weir.slice");
  CHECK(pool(checked, "leaf").path.str() == "weir.slice/weir-team.slice/weir-team-leaf.slice");
}

TEST_CASE("resolve: another top slice names the paths") {
  const auto checked = check("[host]\nslice = \"pools.slice\"\n[pool.a]\n", machine(2, 2048));
  CHECK(pool(checked, "a").path.str() == "pools.slice/pools-a.slice");
}

TEST_CASE("resolve: percentages are of the parent's same value, at the top of the capacity") {
  const auto checked = on_four(
      "[pool.t]\ncpu = { reservation = \"50%\", limit = \"75%\" }\n"
      "memory = { reservation = \"25%\", limit = \"50%\" }\npids.limit = \"50%\"\n"
      "[pool.m]\nparent = \"t\"\n[pool.c]\nparent = \"t\"\n"
      "cpu = { reservation = \"50%\", limit = \"50%\" }\n"
      "memory = { reservation = \"50%\", limit = \"50%\" }\n"
      "[pool.d]\nparent = \"m\"\ncpu.limit = \"50%\"\npids.limit = \"50%\"\n");
  CAPTURE(checked.text);
  CHECK(checked.diagnostics.empty());
  CHECK(pool(checked, "t").cpu.reservation == whole_cores(2));
  CHECK(pool(checked, "t").cpu.limit == whole_cores(3));
  CHECK(pool(checked, "t").memory.reservation == Bytes{2 * gib});
  CHECK(pool(checked, "t").memory.limit == Bytes{4 * gib});
  CHECK(pool(checked, "t").pids_limit->value == checked.tree.capacity.pids.value / 2);
  CHECK(pool(checked, "c").cpu.reservation == whole_cores(1));
  CHECK(pool(checked, "c").cpu.limit == Cores{1'500'000});
  CHECK(pool(checked, "c").memory.limit == Bytes{2 * gib});
  // `m` has no limit of its own, so `d` takes its part of t's.
  CHECK_FALSE(pool(checked, "m").cpu.limit);
  CHECK(pool(checked, "d").cpu.limit == Cores{1'500'000});
  CHECK(pool(checked, "d").pids_limit->value == checked.tree.capacity.pids.value / 4);
}

TEST_CASE("resolve: memory is whole pages") {
  const auto checked =
      on_four("[pool.a]\nmemory = { reservation = 10000, limit = 20001, swap = 5000 }\n");
  CHECK(pool(checked, "a").memory.reservation == Bytes{8192});
  CHECK(pool(checked, "a").memory.limit == Bytes{16384});
  CHECK(pool(checked, "a").spec.memory.swap == Bytes{4096});
}

TEST_CASE("resolve: shares of a resource override the pool's") {
  const auto checked = on_four("[pool.a]\nshares = 200\ncpu.shares = 300\n[pool.b]\n");
  CHECK(pool(checked, "a").cpu.shares == 300);
  CHECK(pool(checked, "a").memory.shares == 200);
  CHECK(pool(checked, "b").cpu.shares == default_shares);
}

TEST_CASE("resolve: a pool may borrow what it does not reserve, unless it says otherwise") {
  const auto checked = on_four(
      "[pool.a]\ncpu.reservation = 1\n[pool.b]\nexpandable = false\n[pool.c]\nexpandable = "
      "true\ncpu.reservation = 1\n");
  CHECK_FALSE(pool(checked, "a").cpu.expandable);
  CHECK(pool(checked, "a").memory.expandable);
  CHECK_FALSE(pool(checked, "b").cpu.expandable);
  CHECK(pool(checked, "c").cpu.expandable);
}

TEST_CASE("resolve: a reservation above the pool's own limit") {
  expect_one(on_four("[pool.a]\ncpu = { reservation = 2, limit = 1 }\n"), 2, 23,
             "reserves 2 cores, above the pool's own limit of 1 core");
  expect_one(on_four("[pool.a]\nmemory = { reservation = \"50%\", limit = \"1GiB\" }\n"), 2, 26,
             "reserves 4GiB, above the pool's own limit of 1GiB");
}

TEST_CASE("resolve: the top level reserves more than the host has") {
  expect_one(on_four("[pool.a]\ncpu.reservation = 5\n"), 2, 19,
             "reserves 5 cores, this host offers pools 4 cores");
  expect_one(on_four("[pool.a]\ncpu.reservation = 3\n[pool.b]\ncpu.reservation = 2\n[pool.c]\n"
                     "cpu.reservation = 1\n"),
             4, 19, "the pools at the top reserve 5 cores, this host offers pools 4 cores");
  expect_one(on_four("[pool.a]\nmemory.reservation = \"80%\"\n[pool.b]\nmemory.reservation = "
                     "\"2GiB\"\n"),
             4, 22, "the pools at the top reserve 8.3GiB, this host offers pools 8GiB");
  CHECK(on_four("[pool.a]\ncpu.reservation = 3\n[pool.b]\ncpu.reservation = 1\n").text.empty());
}

TEST_CASE("resolve: children reserve more than their parent") {
  const std::string team = "[pool.team]\ncpu.reservation = 2\n";
  const std::string a = "[pool.a]\nparent = \"team\"\ncpu.reservation = ";
  const std::string b = "[pool.b]\nparent = \"team\"\ncpu.reservation = ";
  expect_one(on_four(team + a + "3\n"), 5, 19, "reserves 3 cores, 'team' reserves 2 cores");
  expect_one(on_four(team + a + "1.5\n" + b + "1\n"), 8, 19,
             "children of 'team' reserve 2.5 cores, 'team' reserves 2 cores");
  expect_one(on_four("[pool.team]\n[pool.x]\n" + a + "1\n"), 5, 19,
             "reserves 1 core, 'team' reserves nothing");
  CHECK(on_four(team + a + "1\n" + b + "1\n").text.empty());
}

TEST_CASE("resolve: sums near the end of the number range") {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += fmt::format("[pool.p{}]\nmemory.reservation = 1152921504606846976\n", i);
  const auto checked = on_four(text);
  CHECK(checked.diagnostics.size() == 50);  // each is more than the host has
  auto huge = machine(4, 1024);
  huge.memory_total = max_bytes;
  const auto many = check(whole + text, huge);
  REQUIRE(many.diagnostics.size() == 1);
  CHECK(many.diagnostics[0].at.line == 6);
}

TEST_CASE("resolve: limits") {
  expect_one(on_four("[pool.t]\ncpu.limit = 2\n[pool.a]\nparent = \"t\"\ncpu.limit = 3\n"), 5, 13,
             "3 cores is above the limit of 't', 2 cores", true);
  expect_one(
      on_four("[pool.t]\nmemory.limit = \"1GiB\"\n[pool.m]\nparent = \"t\"\n[pool.a]\nparent "
              "= \"m\"\nmemory.limit = \"2GiB\"\n"),
      7, 16, "above the limit of 't'", true);
  expect_one(on_four("[pool.a]\ncpu.limit = \"0.1%\"\n"), 2, 13, "less than 0.01 cores");
  expect_one(on_four("[pool.a]\nmemory.limit = 4095\n"), 2, 16, "is less than 4KiB");
  CHECK(on_four("[pool.a]\ncpu.limit = 64\nmemory.limit = \"1TiB\"\n").text.empty());
}

TEST_CASE("resolve: a part of a reservation that is none") {
  expect_one(on_four("[pool.t]\n[pool.a]\nparent = \"t\"\ncpu.reservation = \"50%\"\n"), 4, 19,
             "is a part of nothing: 't' reserves none", true);
}

TEST_CASE("resolve: sets of CPUs") {
  expect_one(on_four("[pool.a]\ncpus = \"2-5\"\n"), 2, 8, "this host has 0-3");
  expect_one(on_four("[pool.t]\ncpus = \"0-1\"\n[pool.a]\nparent = \"t\"\ncpus = \"1-2\"\n"), 5, 8,
             "not all in those of the parent, 0-1");
  expect_one(on_four("[pool.a]\ncpus = \"0-1\"\ncpu.reservation = 3\n"), 3, 19,
             "reserves 3 cores on CPUs 0-1, which are 2");
  expect_one(on_four("[pool.a]\ncpus = \"0-1\"\ncpu.reservation = 1.5\n[pool.b]\ncpus = \"0\"\n"
                     "cpu.reservation = 1\n"),
             6, 19, "pools on CPUs 0-1 reserve 2.5 cores, these are 2 CPUs");
  const auto nested = on_four(
      "[pool.t]\ncpus = \"0-1\"\ncpu.reservation = 2\n[pool.a]\nparent = \"t\"\ncpus = \"0\"\n"
      "cpu.reservation = 1\n[pool.b]\nparent = \"t\"\ncpu.reservation = 1\n");
  CHECK_MESSAGE(nested.text.empty(), nested.text);
  CHECK(pool(nested, "a").cpus->str() == "0");
  CHECK_FALSE(pool(nested, "b").cpus);
}

TEST_CASE("resolve: a reserve that leaves nothing is reported where it is written") {
  const auto checked =
      check("[pool.a]\nzzz = 1\n[host]\nreserve = { cpu = 4 }\n", machine(4, 4096));
  REQUIRE(checked.diagnostics.size() == 2);
  CHECK(checked.diagnostics[1].at == SourcePos{0, 4, 11});
  CHECK(contains(checked.diagnostics[1].message, "nothing is left"));
}

TEST_CASE("resolve: mistakes of both kinds come in one list, by line") {
  const auto checked =
      on_four("[pool.a]\ncpu.reservation = 9\nzzz = 1\n[pool.b]\nparent = \"x\"\n");
  REQUIRE(checked.diagnostics.size() == 3);
  CHECK(checked.diagnostics[0].at.line == 4);
  CHECK(checked.diagnostics[1].at.line == 5);
  CHECK(checked.diagnostics[2].at.line == 7);
}

TEST_CASE("resolve: an amount that cannot be read is not held against the children") {
  CHECK(on_four("[pool.t]\ncpu.reservation = \"2 cores\"\n[pool.a]\nparent = \"t\"\n"
                "cpu.reservation = 1\n")
            .diagnostics.size() == 1);
}

TEST_CASE("resolve: cycles and levels that are too deep are left out of the tree") {
  std::string text = "[pool.x]\nparent = \"y\"\n[pool.y]\nparent = \"x\"\n[pool.p1]\n";
  for (int i = 2; i <= 9; ++i) text += fmt::format("[pool.p{}]\nparent = \"p{}\"\n", i, i - 1);
  const auto checked = on_four(text);
  CHECK(checked.diagnostics.size() == 2);
  CHECK(checked.tree.pools.size() == 6);
}
