// SPDX-License-Identifier: Apache-2.0
// What pools say of each other.
#include <fmt/format.h>

#include "support.h"

using namespace weir;
using namespace weir::test;

namespace {

void expect(const Diagnostic& found, std::uint32_t line, std::uint32_t column,
            std::string_view message, std::string_view hint = {}) {
  CHECK(found.at.line == line);
  CHECK(found.at.column == column);
  CHECK_MESSAGE(contains(found.message, message), found.message);
  CHECK_MESSAGE(contains(found.hint, hint), found.hint);
}

std::vector<Diagnostic> diagnose(std::string text) { return parse(std::move(text)).diagnostics; }

}  // namespace

TEST_CASE("parents: an unknown one is shown with the nearest pool") {
  const auto found = diagnose("[pool.team]\n[pool.ci]\nparent = \"taem\"\n");
  REQUIRE(found.size() == 1);
  expect(found[0], 3, 10, "pool.ci.parent: there is no pool 'taem'", "did you mean 'team'?");
}

TEST_CASE("parents: a cycle is named once, at its first pool") {
  const auto found = diagnose(
      "[pool.x]\nparent = \"c\"\n[pool.a]\nparent = \"b\"\n[pool.b]\nparent = \"c\"\n[pool.c]\n"
      "parent = \"a\"\n");
  REQUIRE(found.size() == 1);
  expect(found[0], 4, 10, "cycle: a -> b -> c -> a");
}

TEST_CASE("parents: two cycles and a pool that is its own parent") {
  const auto found =
      diagnose("[pool.a]\nparent = \"a\"\n[pool.b]\nparent = \"c\"\n[pool.c]\nparent = \"b\"\n");
  REQUIRE(found.size() == 2);
  expect(found[0], 2, 10, "cannot be its own parent");
  expect(found[1], 4, 10, "b -> c -> b");
}

TEST_CASE("parents: six levels are allowed, the seventh is reported and not those below it") {
  std::string text = "[pool.p1]\n";
  for (int i = 2; i <= 6; ++i) text += fmt::format("[pool.p{}]\nparent = \"p{}\"\n", i, i - 1);
  CHECK(diagnose(text).empty());
  text += "[pool.p7]\nparent = \"p6\"\n[pool.p8]\nparent = \"p7\"\n";
  const auto found = diagnose(text);
  REQUIRE(found.size() == 1);
  expect(found[0], 13, 10, "'p7' stands 7 levels deep, more than 6");
}

TEST_CASE("leaves: only fair pools have children") {
  const auto found = diagnose("[pool.team]\npolicy = \"fifo\"\n[pool.night]\nparent = \"team\"\n");
  REQUIRE(found.size() == 1);
  expect(found[0], 2, 10, "\"fifo\" on a pool that has child pools ('night')", "\"fair\"");
}

TEST_CASE("leaves: default_pool and spill name pools that can hold containers") {
  const std::string tree = "[pool.team]\n[pool.night]\nparent = \"team\"\n";
  auto found = diagnose(tree + "[host]\ndefault_pool = \"team\"\n");
  REQUIRE(found.size() == 1);
  expect(found[0], 5, 16, "has child pools", "'night'");
  found = diagnose(tree + "[host]\ndefault_pool = \"nigth\"\n");
  REQUIRE(found.size() == 1);
  expect(found[0], 5, 16, "there is no pool 'nigth'", "'night'");
  found = diagnose(tree + "[pool.b]\nspill = [\"night\", \"b\", \"team\", \"x\", \"night\"]\n");
  REQUIRE(found.size() == 4);
  expect(found[0], 5, 19, "cannot spill into itself");
  expect(found[1], 5, 24, "has child pools");
  expect(found[2], 5, 32, "there is no pool 'x'");
  expect(found[3], 5, 37, "'night' stands twice");
}

TEST_CASE("leaves: match and container on a pool with children are warned of") {
  const auto outcome = parse(
      "[pool.team]\n[pool.team.match]\nuid = [1]\n[pool.team.container]\nvalue = 1\n[pool.n]\n"
      "parent = \"team\"\n");
  CHECK(outcome.ok());
  REQUIRE(outcome.diagnostics.size() == 2);
  CHECK(contains(outcome.diagnostics[0].message, "pool.team.match: has no effect"));
  CHECK(contains(outcome.diagnostics[1].message, "pool.team.container: has no effect"));
}

TEST_CASE("policies: a key of another policy is a warning") {
  const auto outcome =
      parse("[pool.a]\npreempt = \"kill\"\nbackfill = true\nslice_time = \"1s\"\n");
  CHECK(outcome.ok());
  REQUIRE(outcome.diagnostics.size() == 3);
  for (const auto& found : outcome.diagnostics) CHECK(found.warning);
  expect(outcome.diagnostics[0], 2, 11, "no effect with policy \"fair\"", "\"priority\"");
  CHECK(parse("[pool.a]\npolicy = \"priority\"\npreempt = \"kill\"\n").diagnostics.empty());
}

TEST_CASE("policies: a policy that cannot be read brings no warnings about its keys") {
  CHECK(diagnose("[pool.a]\npolicy = \"prioritie\"\npreempt = \"kill\"\n").size() == 1);
}

TEST_CASE("shares: siblings further apart than 1 : 1000 are warned of, once") {
  CHECK(diagnose("[pool.a]\nshares = 1\n[pool.b]\nshares = 1000\n").empty());
  const auto outcome = parse("[pool.a]\nshares = 1\n[pool.b]\nshares = 1001\n[pool.c]\n");
  CHECK(outcome.ok());
  REQUIRE(outcome.diagnostics.size() == 1);
  expect(outcome.diagnostics[0], 2, 10, "1 beside 1001 of 'b' are more than 1 : 1000 apart");
}

TEST_CASE("shares: each resource and each group of siblings is looked at by itself") {
  auto found = diagnose("[pool.a]\nmemory.shares = 1\n[pool.b]\nmemory.shares = 2000\n");
  REQUIRE(found.size() == 1);
  expect(found[0], 2, 17, "memory shares 1 beside 2000 of 'b'");
  CHECK(diagnose("[pool.a]\nshares = 1\n[pool.b]\nparent = \"a\"\nshares = 2000\n").empty());
}

TEST_CASE("disks: what may be the same disk under another path is not refused") {
  CHECK(diagnose("[[host.disk]]\npath = \"/dev/vda\"\nread_bps = 1000\n[pool.a]\n"
                 "io = [ { path = \"/var\", shares = 5, write_bps = { reservation = 9 } } ]\n")
            .empty());
}

TEST_CASE("disks: a child's reservation under a parent that reserves less") {
  const auto found = diagnose(
      "[[host.disk]]\npath = \"/\"\nread_bps = 1000\n[pool.team]\n[pool.a]\nparent = \"team\"\n"
      "io = [ { path = \"/\", read_bps = { reservation = 10 } } ]\n");
  REQUIRE(found.size() == 1);
  expect(found[0], 7, 49, "reserves 10, 'team' reserves 0");
}
