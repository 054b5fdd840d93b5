// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/placement.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace weir;

namespace {

Pool pool_named(std::string_view name) {
  Pool pool{.spec = PoolSpec{.name = *PoolName::parse(name)}};
  pool.path = *CgroupPath::parse(fmt::format("weir.slice/weir-{}.slice", name));
  return pool;
}

/// ci takes annotations and matches, shut takes none, batch is the default.
struct Case {
  HookRules rules;
  Case() {
    rules.tree.top = *CgroupPath::parse("weir.slice");
    rules.max_wait = std::chrono::seconds{5};
    auto ci = pool_named("ci");
    ci.spec.allow = AllowSpec{};
    ci.spec.allow->annotation = true;
    ci.spec.allow->max_priority = 10;
    ci.spec.allow->max_request_cpu = whole_cores(2);
    ci.spec.allow->max_request_memory = Bytes{std::int64_t{1} << 30};
    ci.spec.match = MatchSpec{};
    ci.spec.match->env = {{"CI", "true"}};
    rules.tree.pools = {std::move(ci), pool_named("shut"), pool_named("batch")};
    rules.allowed = {{{1001}, {100}}, {}, {}};
    rules.default_pool = 2;
  }
  MatchSpec& match() { return *rules.tree.pools[0].spec.match; }

  Result<std::optional<std::size_t>> pool(const OciConfig& config,
                                          std::string_view path = "/machine/x") const {
    return choose_pool(rules, config, *CgroupsPath::parse(path));
  }
  Result<Placement> place(std::size_t pool, const OciConfig& config, std::uint32_t uid = 0,
                          std::string_view path = "/machine/x") const {
    return place_in(rules, pool, config, *CgroupsPath::parse(path), {uid, {}});
  }
};

OciConfig annotated(std::vector<std::pair<std::string, std::string>> annotations) {
  OciConfig config;
  config.annotations = std::move(annotations);
  return config;
}

}  // namespace

TEST_CASE("placement: a rule goes before an annotation, an annotation before the default") {
  Case host;
  CHECK(*host.pool({}) == 2);
  OciConfig config;
  config.env = {"CI=true"};
  CHECK(*host.pool(config) == 0);
  config.env = {"CI=true", "CI=false"};
  CHECK(*host.pool(config) == 2);
  CHECK(*host.pool(annotated({{"io.weir.pool", "ci"}})) == 0);
  host.rules.default_pool.reset();
  CHECK(*host.pool({}) == std::nullopt);
}

TEST_CASE("placement: an image gets nothing by its annotations where the pool does not take them") {
  Case host;
  const auto greedy = annotated({{"io.weir.pool", "shut"},
                                 {"io.weir.priority", "1000"},
                                 {"io.weir.memory", "1TiB"},
                                 {"io.weir.name", "mine"}});
  CHECK(*host.pool(greedy) == 2);
  const auto placement = host.place(2, greedy);
  REQUIRE(placement);
  CHECK(placement->record.priority == 0);
  CHECK_FALSE(placement->record.memory_limit);
  CHECK(placement->record.name.str() == "x");
}

TEST_CASE("placement: a pool that is none is refused, whoever asks") {
  Case host;
  const auto none = host.pool(annotated({{"io.weir.pool", "nope"}}));
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::not_found);
  CHECK_FALSE(host.pool(annotated({{"io.weir.pool", std::string(1 << 20, 'x')}})));
  host.rules.tree.pools[0].children.push_back(1);
  CHECK(host.place(0, {}).error().code == Errc::usage);
}

TEST_CASE("placement: every kind of rule must fit, of a list one entry") {
  Case host;
  host.match() = {.annotation = {{"team", "build"}},
                  .cgroup_parent = {"/a*", "/ci*"},
                  .env = {},
                  .uid = {7, 8}};
  auto config = annotated({{"team", "build"}});
  config.uid = 8;
  CHECK(*host.pool(config, "/ci-jobs/x") == 0);
  CHECK(*host.pool(config, "/machine/x") == 2);
  config.uid = 9;
  CHECK(*host.pool(config, "/ci-jobs/x") == 2);
  config.uid.reset();
  CHECK(*host.pool(config, "/ci-jobs/x") == 2);
  host.match() = {};
  CHECK(*host.pool(config) == 2);
}

TEST_CASE("placement: who named a pool's slice as the parent stays there") {
  Case host;
  CHECK(*host.pool({}, "/weir.slice/weir-shut.slice/x") == 1);
  CHECK(*host.pool({}, "weir-shut.slice:libpod:x") == 1);
  CHECK(*host.pool({}, "/elsewhere/weir.slice/weir-shut.slice/x") == 2);
  host.rules.prefix = "/elsewhere";
  CHECK(*host.pool({}, "/elsewhere/weir.slice/weir-shut.slice/x") == 1);
  CHECK(host.place(1, {})->cgroups_path == "/elsewhere/weir.slice/weir-shut.slice/x");
}

TEST_CASE("placement: root enters everywhere, others where they may") {
  const Case host;
  CHECK(host.place(0, {}, 1001));
  CHECK(host.place(0, {}, 1002).error().code == Errc::denied);
  CHECK(host.place(1, {}, 1001).error().code == Errc::denied);
  CHECK(place_in(host.rules, 0, {}, *CgroupsPath::parse("/a/x"), {5, {1, 100}}));
  CHECK(host.place(1, {}));
}

TEST_CASE("placement: the request comes from the file, else from annotations, within bounds") {
  Case host;
  OciConfig config;
  config.cpu_quota = 100'000;
  config.memory_limit = 1 << 20;
  auto placement = host.place(0, config);
  REQUIRE(placement);
  CHECK(placement->record.cpu_reserved() == whole_cores(1));
  CHECK(placement->record.memory_limit == Bytes{1 << 20});
  CHECK_FALSE(placement->added.cpu);
  CHECK_FALSE(placement->added.memory);
  config.annotations = {{"io.weir.cpus", "1500m"},
                        {"io.weir.memory", "2MiB"},
                        {"io.weir.priority", "10"},
                        {"io.weir.wait", "1h"},
                        {"io.weir.name", "job"}};
  placement = host.place(0, config);
  REQUIRE(placement);
  CHECK(placement->added.cpu == Cores{1'500'000});
  CHECK(placement->added.memory == Bytes{2 << 20});
  CHECK(placement->record.priority == 10);
  CHECK(placement->record.name.str() == "job");
  CHECK(placement->wait == host.rules.max_wait);
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"io.weir.priority", "11"}, {"io.weir.memory", "2GiB"}, {"io.weir.cpus", "3"}})
    CHECK_MESSAGE(host.place(0, annotated({{key, value}})).error().code == Errc::denied, key);
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"io.weir.priority", "high"},
                                                        {"io.weir.memory", "much"},
                                                        {"io.weir.cpus", "-1"},
                                                        {"io.weir.wait", "5"},
                                                        {"io.weir.name", "../x"},
                                                        {"io.weir.name", "batch"},
                                                        {"io.weir.name", "a\nb"},
                                                        {"io.weir.memory", "12"}})
    CHECK_MESSAGE(host.place(0, annotated({{key, value}})).error().code == Errc::usage, key);
}

TEST_CASE("placement: defaults are for those that ask for nothing") {
  Case host;
  host.rules.tree.pools[0].spec.container.memory_limit = Bytes{64 << 20};
  host.rules.tree.pools[0].spec.container.memory_request = Bytes{32 << 20};
  const auto bare = host.place(0, {});
  REQUIRE(bare);
  CHECK(bare->added.memory == Bytes{64 << 20});
  CHECK(bare->record.memory_reserved() == Bytes{32 << 20});
  OciConfig small;
  small.memory_limit = 1 << 20;
  CHECK(host.place(0, small)->record.memory_reserved() == Bytes{1 << 20});
  small.memory_reservation = 1 << 19;
  CHECK(host.place(0, small)->record.memory_reserved() == Bytes{1 << 19});
}

TEST_CASE("placement: the leaf keeps the name the runtime gave it") {
  const Case host;
  const auto plain = host.place(0, {}, 0, "/libpod_parent/libpod-0123");
  CHECK(plain->cgroups_path == "/weir.slice/weir-ci.slice/libpod-0123");
  CHECK(plain->cgroup.str() == "weir.slice/weir-ci.slice/libpod-0123");
  const auto unit = host.place(0, {}, 0, "machine.slice:libpod:0123");
  CHECK(unit->cgroups_path == "weir-ci.slice:libpod:0123");
  CHECK(unit->cgroup.str() == "weir.slice/weir-ci.slice/libpod-0123.scope");
  CHECK(unit->record.name.str() == "libpod-0123");
}

TEST_CASE("patterns: as a shell's, over the whole path") {
  for (const auto& [text, pattern] : std::vector<std::pair<std::string, std::string>>{
           {"/ci-jobs", "/ci*"},
           {"/ci", "/ci*"},
           {"/a/b/c", "/a*c"},
           {"abc", "a?c"},
           {"abc", "[a-c]bc"},
           {"xbc", "[!a-c]bc"},
           {"a*c", "a\\*c"},
           {"", "*"},
           {"", ""},
           {"a]", "a[]]"},
           {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*a*b"}})
    CHECK_MESSAGE(matches_pattern(text, pattern), pattern);
  for (const auto& [text, pattern] : std::vector<std::pair<std::string, std::string>>{
           {"/ci", "/cid*"},
           {"abc", "a?"},
           {"abc", "abcd"},
           {"abc", "[d-f]bc"},
           {"abc", ""},
           {"abc", "a\\*c"},
           {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "*a*a*a*a*a*b"},
           {"[a", "[b"}})
    CHECK_MESSAGE(!matches_pattern(text, pattern), pattern);
}
