// SPDX-License-Identifier: Apache-2.0
// What `weir pool create` and `weir pool set` write.
#include "weir/config/edit.h"

#include <rapidcheck.h>

#include "support.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string edit(std::string_view old, const std::vector<KeyValue>& changes) {
  const auto text = edit_pool_text(old, *PoolName::parse("ci"), changes);
  REQUIRE_MESSAGE(text, text.error().message);
  return *text;
}

Errc refusal(std::string_view old, const std::vector<KeyValue>& changes) {
  const auto text = edit_pool_text(old, *PoolName::parse("ci"), changes);
  REQUIRE_FALSE(text);
  return text.error().code;
}

}  // namespace

TEST_CASE("edit: a new pool") {
  CHECK(edit("", {}) == "[pool.ci]\n");
  CHECK(edit("", {{"memory.limit", "60MiB"}, {"shares", "200"}, {"cpu.reservation", "1.5"}}) ==
        "[pool.ci]\nmemory.limit = \"60MiB\"\nshares = 200\ncpu.reservation = 1.5\n");
}

TEST_CASE("edit: values become what the key wants") {
  CHECK(edit("", {{"parent", "team"}}) == "[pool.ci]\nparent = \"team\"\n");
  CHECK(edit("", {{"cpus", "3"}}) == "[pool.ci]\ncpus = \"3\"\n");
  CHECK(edit("", {{"expandable", "true"}}) == "[pool.ci]\nexpandable = true\n");
  CHECK(edit("", {{"cpu.limit", "50%"}}) == "[pool.ci]\ncpu.limit = \"50%\"\n");
  CHECK(edit("", {{"cpu.limit", "1500m"}}) == "[pool.ci]\ncpu.limit = \"1500m\"\n");
  CHECK(edit("", {{"spill", "batch,night"}}) == "[pool.ci]\nspill = [\"batch\", \"night\"]\n");
  CHECK(edit("", {{"match.uid", "1000, 1001"}}) == "[pool.ci]\nmatch.uid = [1000, 1001]\n");
  CHECK(edit("", {{"match.annotation.\"org.example.team\"", "5"}}) ==
        "[pool.ci]\nmatch.annotation.\"org.example.team\" = \"5\"\n");
  CHECK(edit("", {{"io", "[{path=\"/\",read_bps={limit=5}}]"}}) ==
        "[pool.ci]\nio = [{ path = \"/\", read_bps = { limit = 5 } }]\n");
  CHECK(edit("", {{"seccomp", "a\"b\\c"}}) == "[pool.ci]\nseccomp = \"a\\\"b\\\\c\"\n");
}

TEST_CASE("edit: a value is replaced, everything else stays to the byte") {
  const std::string old =
      "# CI\n\n[pool.ci]   # main\nshares = 100   # equal\n\n# room\nmemory.limit = \"1GiB\"\n";
  CHECK(edit(old, {{"shares", "200"}}) ==
        "# CI\n\n[pool.ci]   # main\nshares = 200   # equal\n\n# room\nmemory.limit = \"1GiB\"\n");
  CHECK(edit(old, {{"memory.limit", "2GiB"}}) ==
        "# CI\n\n[pool.ci]   # main\nshares = 100   # equal\n\n# room\nmemory.limit = \"2GiB\"\n");
  CHECK(edit(old, {{"mode", "dynamic"}}) == old + "mode = \"dynamic\"\n");
}

TEST_CASE("edit: an empty value removes the key") {
  CHECK(edit("[pool.ci]\nshares = 1 # x\nmode = \"static\"\n", {{"shares", ""}}) ==
        "[pool.ci]\nmode = \"static\"\n");
  CHECK(edit("[pool.ci]\nshares = 1\n", {{"shares", ""}}) == "[pool.ci]\n");
  CHECK(edit("[pool.ci]\nmode = \"static\"\n", {{"shares", ""}}) ==
        "[pool.ci]\nmode = \"static\"\n");
  CHECK(edit("[pool.ci]\ncpu.limit = 1\nmode = \"static\"\ncpu.shares = 5\n", {{"cpu", ""}}) ==
        "[pool.ci]\nmode = \"static\"\n");
}

TEST_CASE("edit: inline tables stay inline") {
  CHECK(edit("[pool.ci]\nmemory = { reservation = \"1GiB\", limit = \"2GiB\" } # m\n",
             {{"memory.limit", "3GiB"}}) ==
        "[pool.ci]\nmemory = { reservation = \"1GiB\", limit = \"3GiB\" } # m\n");
  CHECK(edit("[pool.ci]\nmemory = { limit = \"2GiB\" }\n", {{"memory.limit", ""}}) ==
        "[pool.ci]\n");
  CHECK(edit("[pool.ci]\nmemory = { limit = \"2GiB\" }\n", {{"memory.hard", "true"}}) ==
        "[pool.ci]\nmemory = { limit = \"2GiB\", hard = true }\n");
}

TEST_CASE("edit: keys go to the section that is theirs") {
  const std::string old = "[pool.ci]\nshares = 5\n\n[pool.ci.allow]\nusers = [\"a\"]\n\n# end\n";
  CHECK(edit(old, {{"allow.max_priority", "3"}}) ==
        "[pool.ci]\nshares = 5\n\n[pool.ci.allow]\nusers = [\"a\"]\nmax_priority = 3\n\n# end\n");
  CHECK(edit(old, {{"allow.users", "a,b"}}) ==
        "[pool.ci]\nshares = 5\n\n[pool.ci.allow]\nusers = [\"a\", \"b\"]\n\n# end\n");
  CHECK(edit(old, {{"cpu.limit", "2"}}) ==
        "[pool.ci]\nshares = 5\ncpu.limit = 2\n\n[pool.ci.allow]\nusers = [\"a\"]\n\n# end\n");
  CHECK(edit(old, {{"allow.users", ""}}) == "[pool.ci]\nshares = 5\n\n[pool.ci.allow]\n\n# end\n");
}

TEST_CASE("edit: another pool's text in the same file is left alone") {
  CHECK(edit("[pool.web]\nshares = 5\n", {{"shares", "7"}}) ==
        "[pool.web]\nshares = 5\n\n[pool.ci]\nshares = 7\n");
}

TEST_CASE("edit: what is written in an unusual way keeps its values") {
  const auto text = edit("pool = { ci = { shares = 5, io = [ { path = \"/\" } ] }, web = {} }\n",
                         {{"memory.limit", "1GiB"}, {"shares", "6"}});
  const auto outcome = parse(text);
  CAPTURE(text);
  REQUIRE(outcome.diagnostics.empty());
  REQUIRE(outcome.config.pools.size() == 2);
  CHECK(outcome.config.pools[0].shares.value == 6);
  CHECK(outcome.config.pools[0].io.size() == 1);
  CHECK(outcome.config.pools[0].memory.limit);
  const auto tables =
      edit("[pool.ci]\n[pool.ci.memory]\nlimit = 8192 # x\n", {{"memory.limit", "4096"}});
  CHECK(tables == "[pool.ci]\n[pool.ci.memory]\nlimit = 4096 # x\n");
}

TEST_CASE("edit: several lines of an array are one value") {
  CHECK(edit("[pool.ci]\nspill = [\n  \"a\", # one\n  \"b\",\n]\nshares = 1\n", {{"spill", "c"}}) ==
        "[pool.ci]\nspill = [\"c\"]\nshares = 1\n");
}

TEST_CASE("edit: refusals") {
  CHECK(refusal("[pool.ci\n", {{"shares", "1"}}) == Errc::config);
  CHECK(refusal("x = \"\xFF\"\n", {}) == Errc::config);
  CHECK(refusal("x = " + std::string(100'000, '[') + "\n", {}) == Errc::config);
  for (const auto* key :
       {"", ".", "a.", ".a", "a..b", "a b", "a=b", "a\nb", "\"a", "a]", "#", "a.b.c.d.e.f.g.h.i"})
    CHECK_MESSAGE(refusal("", {{key, "1"}}) == Errc::usage, key);
  CHECK(refusal("", {{"seccomp", "a\nb = 1"}}) == Errc::usage);
  CHECK(refusal("", {{"io", "[1]\n[x]"}}) == Errc::usage);
  CHECK(refusal("", {{"io", "[1"}}) == Errc::usage);
  CHECK(refusal("[pool.ci]\nshares = 1\n", {{"shares.x", "1"}}) == Errc::usage);
}

TEST_CASE("property: what was set is read back, what was not set stays") {
  const bool passed = rc::check([] {
    static const std::vector<std::string> olds{
        "",
        "[pool.ci]\nshares = 5 # five\nmemory = { limit = \"1GiB\" }\n[pool.ci.container]\nvalue = "
        "2\n",
        "[pool.ci]\ncpu.limit = 1\n\n[pool.web]\nshares = 9\n", "pool.ci.memory.limit = 8192\n"};
    static const std::vector<KeyValue> settings{{"shares", "77"},
                                                {"memory.limit", "2GiB"},
                                                {"memory.limit", ""},
                                                {"cpu.limit", "2.5"},
                                                {"cpu.limit", ""},
                                                {"container.value", "3"},
                                                {"container.cpu.limit", "1"},
                                                {"mode", "dynamic"},
                                                {"shares", ""},
                                                {"match.env.CI", "true"},
                                                {"container", ""}};
    std::string text = *rc::gen::elementOf(olds);
    const bool had_web = contains(text, "web");
    std::vector<KeyValue> changes;
    const auto count = *rc::gen::inRange(1, 7);
    for (int i = 0; i < count; ++i) changes.push_back(*rc::gen::elementOf(settings));
    const auto edited = edit_pool_text(text, *PoolName::parse("ci"), changes);
    RC_ASSERT(edited);
    RC_LOG() << *edited;
    const auto outcome = parse(*edited);
    RC_ASSERT(outcome.ok());
    RC_ASSERT(outcome.config.pools.size() == (had_web ? 2U : 1U));
    const auto& ci = outcome.config.pools[0];
    for (auto it = changes.rbegin(); it != changes.rend(); ++it) {
      if (it->first != "shares") continue;
      const bool is_set = ci.shares.value == (it->second.empty() ? default_shares : 77);
      RC_ASSERT(is_set);
      break;
    }
    // One after the other comes to the same as all at once.
    std::string step = text;
    for (const auto& change : changes) {
      const auto next = edit_pool_text(step, *PoolName::parse("ci"), {change});
      RC_ASSERT(next);
      step = *next;
    }
    RC_LOG() << step;
    const auto again = parse(step);
    RC_ASSERT(again.ok());
    RC_ASSERT(again.config.pools.size() == outcome.config.pools.size());
    const auto& stepwise = again.config.pools[0];
    RC_ASSERT(stepwise.shares.value == ci.shares.value);
    RC_ASSERT(stepwise.cpu.limit.has_value() == ci.cpu.limit.has_value());
    RC_ASSERT(stepwise.memory.limit.has_value() == ci.memory.limit.has_value());
  });
  CHECK(passed);
}
