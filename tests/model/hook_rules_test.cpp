// SPDX-License-Identifier: Apache-2.0
#include "weir/model/hook_rules.h"

#include <doctest/doctest.h>

using namespace weir;

namespace {

Pool pool_named(std::string_view name, std::string_view path) {
  Pool pool{.spec = PoolSpec{.name = *PoolName::parse(name)}};
  pool.path = *CgroupPath::parse(path);
  return pool;
}

HookRules example() {
  HookRules rules;
  rules.on_error = OnError::closed;
  rules.max_wait = std::chrono::milliseconds{1500};
  rules.mount = "/sys/fs/cgroup/a b";
  rules.prefix = "/a b";
  rules.runtime = "/usr/bin/crun";
  rules.tree.top = *CgroupPath::parse("weir.slice");
  rules.tree.backend = Backend::systemd;
  rules.tree.capacity = {whole_cores(4), Bytes{1 << 30}, Tasks{4096}};
  rules.tree.host.overcommit = {2.5, 0.1};
  auto team = pool_named("team", "weir.slice/weir-team.slice");
  team.children.push_back(1);
  auto ci = pool_named("ci", "weir.slice/weir-team.slice/weir-team-ci.slice");
  ci.parent = 0;
  ci.cpu = {Cores{500'000}, whole_cores(2), 300, false};
  ci.memory.limit = Bytes{1 << 20};
  ci.pids_limit = Tasks{10};
  ci.spec.on_error = OnError::closed;
  ci.spec.oom = OomScope::process;
  ci.spec.memory.swap = Bytes{0};
  ci.spec.memory.hard = true;
  ci.spec.max_containers = 7;
  ci.spec.container.cpu_limit = whole_cores(1);
  ci.spec.container.value = 0.3;
  ci.spec.container.work = std::chrono::milliseconds{30};
  ci.spec.allow = AllowSpec{};
  ci.spec.allow->annotation = true;
  ci.spec.allow->max_priority = -5;
  ci.spec.allow->max_request_memory = Bytes{4096};
  ci.spec.match = MatchSpec{};
  ci.spec.match->annotation = {{"a key", "100%\n"}, {"empty", ""}};
  ci.spec.match->env = {{"CI", "true"}};
  ci.spec.match->cgroup_parent = {"/ci*"};
  ci.spec.match->uid = {1001};
  rules.tree.pools = {std::move(team), std::move(ci)};
  rules.allowed = {{}, {{1001, 1002}, {100}}};
  rules.default_pool = 1;
  return rules;
}

}  // namespace

TEST_CASE("hook rules: what is written reads back the same") {
  const auto text = example().str();
  const auto again = HookRules::parse(text);
  REQUIRE(again);
  CHECK(again->str() == text);
  const auto& ci = again->tree.pools[1];
  CHECK(ci.parent == 0);
  CHECK(again->tree.pools[0].children == std::vector<std::size_t>{1});
  CHECK(ci.spec.match->annotation.at("a key") == "100%\n");
  CHECK(ci.spec.match->annotation.at("empty").empty());
  CHECK(ci.cpu.reservation == Cores{500'000});
  CHECK_FALSE(ci.cpu.expandable);
  CHECK(again->allowed[1].users == std::vector<std::uint32_t>{1001, 1002});
  CHECK(again->default_pool == 1);
  CHECK(again->prefix == "/a b");
  CHECK(again->tree.host.overcommit.cpu == 2.5);
}

TEST_CASE("hook rules: a file that was cut off anywhere is refused") {
  const auto text = example().str();
  for (std::size_t length = 0; length < text.size(); ++length)
    CHECK_MESSAGE(!HookRules::parse(text.substr(0, length)).has_value(), length);
}

TEST_CASE("hook rules: one changed byte is never taken for a different tree's path or a crash") {
  const auto text = example().str();
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto damaged = text;
    damaged[i] = damaged[i] == '/' ? '.' : '/';
    const auto parsed = HookRules::parse(damaged);
    if (!parsed) continue;
    for (const auto& pool : parsed->tree.pools) CHECK(pool.path.is_within(parsed->tree.top));
  }
}

TEST_CASE("hook rules: the first line alone says what to do when the rest is broken") {
  const auto text = example().str();
  CHECK(HookRules::parse_on_error(text.substr(0, 40)) == OnError::closed);
  CHECK(HookRules::parse_on_error("weir-hook 1 open\ngarbage") == OnError::open);
  CHECK_FALSE(HookRules::parse_on_error("weir-hook 1 openly\n"));
  CHECK_FALSE(HookRules::parse_on_error("garbage"));
  CHECK_FALSE(HookRules::parse_on_error(""));
}

TEST_CASE("hook rules: hostile lines are refused") {
  const auto text = example().str();
  const auto with = [&](std::string_view from, std::string_view to) {
    auto changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  CHECK_FALSE(HookRules::parse(with("path weir.slice/weir-team.slice\n", "path other.slice\n")));
  CHECK_FALSE(HookRules::parse(with("mount /", "mount ")));
  CHECK_FALSE(HookRules::parse(with("parent team", "parent ci")));
  CHECK_FALSE(HookRules::parse(with("default_pool ci", "default_pool no")));
  CHECK_FALSE(HookRules::parse(with("max_wait 1500", "max_wait -1")));
  CHECK_FALSE(HookRules::parse(with("overcommit 2.5", "overcommit -9223372036854775808")));
  CHECK_FALSE(HookRules::parse(with("pids_limit 10", "surprise 10")));
  CHECK_FALSE(HookRules::parse(with("pool ci", "pool team")));
  CHECK_FALSE(HookRules::parse(text + "end\n"));
}
