// SPDX-License-Identifier: Apache-2.0
#include "weir/model/oci.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace weir;

namespace {

constexpr std::string_view podman =
    R"({"ociVersion":"1.0.2-dev","process":{"user":{"uid":33,"gid":33},)"
    R"("env":["PATH=/bin","CI=true"],"cwd":"/"},"root":{"path":"/x"},)"
    R"("annotations":{"io.weir.pool":"ci","a.b":"c"},"linux":{)"
    R"("resources":{"memory":{"limit":67108864,"swap":134217728},)"
    R"("cpu":{"quota":150000,"period":100000},"pids":{"limit":9}},)"
    R"("cgroupsPath":"/libpod_parent/libpod-0123"}})";

std::string mistake_of(std::string_view text) {
  const auto config = OciConfig::parse(text);
  return config ? "" : config.error().message;
}

}  // namespace

TEST_CASE("oci: what weir needs of a config.json") {
  const auto config = OciConfig::parse(podman);
  REQUIRE(config);
  CHECK(*config->annotation("io.weir.pool") == "ci");
  CHECK(config->annotation("io.weir.name") == nullptr);
  CHECK(config->env == std::vector<std::string>{"PATH=/bin", "CI=true"});
  CHECK(config->uid == 33);
  CHECK(config->cgroups_path == "/libpod_parent/libpod-0123");
  CHECK(config->cores() == Cores{1'500'000});
  CHECK(config->memory() == Bytes{67108864});
}

TEST_CASE("oci: the cgroup's path is spliced, all else stays to the byte") {
  const auto config = OciConfig::parse(podman);
  REQUIRE(config);
  auto expected = std::string{podman};
  const std::string_view old = "/libpod_parent/libpod-0123", fresh = "/weir.slice/weir-ci.slice/x";
  expected.replace(expected.find(old), old.size(), fresh);
  CHECK(*rewrite(std::string{podman}, *config, fresh, {}) == expected);
}

TEST_CASE("oci: limits are added where there are none") {
  const std::string_view bare = R"({"linux":{"cgroupsPath":"/a/b"}})";
  const auto config = OciConfig::parse(bare);
  REQUIRE(config);
  const auto changed = rewrite(std::string{bare}, *config, "/p/b", {Cores{2'500'000}, Bytes{4096}});
  REQUIRE(changed);
  const auto again = OciConfig::parse(*changed);
  REQUIRE(again);
  CHECK(again->cores() == Cores{2'500'000});
  CHECK(again->memory() == Bytes{4096});
  CHECK(again->cgroups_path == "/p/b");
  const auto empty = OciConfig::parse("{}");
  REQUIRE(empty);
  CHECK(*rewrite("{}", *empty, "/p/b", {}) == R"({"linux":{"cgroupsPath":"/p/b"}})");
}

TEST_CASE("oci: no limit is -1, absent, null or zero") {
  for (const auto* none :
       {R"({"linux":{"resources":{"memory":{"limit":-1},"cpu":{"quota":-1}}}})",
        R"({"linux":{"resources":{"memory":{"limit":0},"cpu":{"quota":0}}}})",
        R"({"linux":{"resources":{"memory":{"limit":null},"cpu":null}}})",
        R"({"linux":{"resources":null,"cgroupsPath":""}})", R"({"linux":null})"}) {
    const auto config = OciConfig::parse(none);
    REQUIRE_MESSAGE(config.has_value(), none);
    CHECK_FALSE(config->cores());
    CHECK_FALSE(config->memory());
    CHECK_FALSE(config->cgroups_path);
  }
}

TEST_CASE("oci: bad texts are one line") {
  const std::string deep = R"({"x":)" + std::string(10'000, '[') + std::string(10'000, ']') + "}";
  for (const std::string_view bad :
       {std::string_view{""}, std::string_view{"{"}, podman.substr(0, podman.size() / 2),
        std::string_view{deep}, std::string_view{"{\"linux\":{\"cgroupsPath\":7}}"},
        std::string_view{"{\"linux\":{\"CgroupsPath\":\"/a\"}}"},
        std::string_view{"{\"linux\":{\"cgroupsPath\":\"/a\",\"cgroupsPath\":\"/b\"}}"},
        std::string_view{"{\"LINUX\":{}}"}, std::string_view{"{\"annotations\":{\"a\":1}}"},
        std::string_view{"{\"annotations\":{\"a\":\"1\",\"a\":\"2\"}}"},
        std::string_view{"{\"annotations\":{\"IO.weir.pool\":\"x\"}}"},
        std::string_view{"{\"linux\":{\"resources\":{\"memory\":{\"limit\":1.5}}}}"},
        std::string_view{"{\"a\":\"\xFF\"}"}, std::string_view{"[]"}, std::string_view{"{} {}"}}) {
    const auto message = mistake_of(bad);
    CHECK_MESSAGE(message.starts_with("config.json: JSON, byte "), bad.substr(0, 60));
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.size() < 300);
  }
  CHECK(mistake_of(std::string(longest_oci_text + 1, ' ')) == "JSON: longer than 4MiB");
}

TEST_CASE("oci: both forms of the cgroup's path") {
  const auto plain = CgroupsPath::parse("/libpod_parent/libpod-0123");
  REQUIRE(plain);
  CHECK(plain->manager == CgroupManager::cgroupfs);
  CHECK(plain->parent == "/libpod_parent");
  CHECK(plain->leaf == "libpod-0123");
  CHECK(plain->below("/weir.slice/weir-ci.slice") == "/weir.slice/weir-ci.slice/libpod-0123");
  const auto unit = CgroupsPath::parse("user-1000.slice:libpod:0123");
  REQUIRE(unit);
  CHECK(unit->manager == CgroupManager::systemd);
  CHECK(unit->parent == "/user.slice/user-1000.slice");
  CHECK(unit->leaf == "libpod-0123.scope");
  CHECK(unit->below("/weir.slice/weir-ci.slice") == "weir-ci.slice:libpod:0123");
  CHECK(CgroupsPath::parse(":runc:x")->parent == "/system.slice");
  CHECK(CgroupsPath::parse("a.slice::x")->leaf == "x.scope");
  const auto relative = CgroupsPath::parse("a/b");
  REQUIRE(relative);
  CHECK(relative->parent.empty());
  CHECK(relative->below("/p") == "/p/b");
}

TEST_CASE("oci: paths that lead elsewhere are refused") {
  for (const auto* bad :
       {"/../x", "/a/../../etc", "/a/..", "/", "/a//b", "/a/b/", "a.slice:p:../x", "a.slice:../p:x",
        "../a.slice:p:x", "a.service:p:x", "a.slice:p:", "a.slice:p:x.slice", "-a.slice:p:x",
        "/a/x.slice", "/a/cgroup.procs", "/a/\nb", "/a/memory.max"})
    CHECK_MESSAGE(!CgroupsPath::parse(bad).has_value(), bad);
  CHECK_FALSE(CgroupsPath::parse("/a/" + std::string(300, 'x')).has_value());
}

TEST_CASE("oci: the state that a hook gets") {
  const auto crun = OciState::parse(
      R"({"ociVersion":"1.0","id":"c1","pid":4711,"root":"/r","bundle":"/b","status":"created"})");
  REQUIRE(crun);
  CHECK(crun->id == "c1");
  CHECK(crun->pid == 4711);
  CHECK(crun->bundle == "/b");
  CHECK(crun->status == "created");
  CHECK_FALSE(OciState::parse(R"({"id":"a","ID":"b"})"));
  CHECK_FALSE(OciState::parse(R"({"pid":"1"})"));
  CHECK_FALSE(OciState::parse(R"({"id":"c1","pid":4711)"));
}
