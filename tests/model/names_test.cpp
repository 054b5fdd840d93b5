// SPDX-License-Identifier: Apache-2.0
// Names that reach the kernel as directories: what gets through, and what never may.
#include "weir/model/names.h"

#include <doctest/doctest.h>

using namespace weir;

namespace {

const std::string long_name(300, 'a');

/// Refused as any kind of name.
const std::vector<std::string> never{
    "",     ".",       "..",       "../x", "a/b",     "/",    "a\nb", "a\n",
    "a b",  " a",      "a\tb",     "%n",   "a%2fb",   "a\\b", "a:b",  "a;b",
    "$(x)", "\x1b[2J", "\xC3\xA4", "\xFF", long_name, "-a",   "_a",   std::string{"a\0b", 3}};

std::vector<PoolName> ancestry(std::initializer_list<const char*> names) {
  std::vector<PoolName> out;
  for (const auto* name : names) out.push_back(*PoolName::parse(name));
  return out;
}

}  // namespace

TEST_CASE("pool names") {
  for (const auto* name : {"a", "web", "ci_2", "a234567890123456789012345678901"})
    CHECK_MESSAGE(PoolName::parse(name), name);
  for (const auto* name :
       {"Web", "web-1", "1web", "memory.max", "web.slice", "a2345678901234567890123456789012"})
    CHECK_MESSAGE(!PoolName::parse(name), name);
  for (const auto& name : never) CHECK_MESSAGE(!PoolName::parse(name), name);
}

TEST_CASE("pool names: errors are of usage, say what is allowed, and are safe to print") {
  const auto bad = PoolName::parse("a\nb\x1b");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == Errc::usage);
  CHECK(bad.error().message == "'a\\x0ab\\x1b' is not a pool name");
  CHECK(bad.error().hint.find("a-z") != std::string::npos);
}

TEST_CASE("container names") {
  for (const auto* name : {"build7", "A", "0", "run-123-abcd", "a.b_c-d", "docker", "memory",
                           "memoryx.max", "initial"})
    CHECK_MESSAGE(ContainerName::parse(name), name);
  CHECK(ContainerName::parse(std::string(64, 'x')));
  CHECK_FALSE(ContainerName::parse(std::string(65, 'x')));
  for (const auto& name : never) CHECK_MESSAGE(!ContainerName::parse(name), name);
}

TEST_CASE("container names: what the kernel, systemd or a runtime calls its own") {
  for (const auto* name :
       {"init", "container", "memory.max", "cgroup.procs", "cpu.weight", "io.max", "dmem.x",
        "session-1", "libpod-abc", "docker-abc", "crun-1", "a.slice", "a.scope", "a.service",
        "a.mount", "a.socket", "a.timer", "memory.scope"})
    CHECK_MESSAGE(!ContainerName::parse(name), name);
}

TEST_CASE("cgroup paths: relative, without surprises") {
  for (const auto* path : {"weir.slice", "a/b/c", "system.slice/x.service", "docker/0123abcd",
                           "memory.slice", "user@1000.service", "machine-a\\x2db.scope"})
    CHECK_MESSAGE(CgroupPath::parse(path), path);
  for (const auto* path : {"/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a/memory.max",
                           "cgroup.procs", "a\nb", "a\x7f"})
    CHECK_MESSAGE(!CgroupPath::parse(path), path);
  CHECK_FALSE(CgroupPath::parse(long_name));
  CHECK_FALSE(CgroupPath::parse(std::string{"a\0b", 3}));
  std::string deep = "a";
  for (int i = 0; i < 3000; ++i) deep += "/a";
  CHECK_FALSE(CgroupPath::parse(deep));
}

TEST_CASE("cgroup paths: the mount itself is the empty path") {
  const auto root = CgroupPath::parse("");
  REQUIRE(root);
  CHECK(root->is_root());
  CHECK(root->depth() == 0);
  CHECK(root->child("a")->str() == "a");
  CHECK(root->parent().is_root());
}

TEST_CASE("cgroup paths: parent, leaf, depth, containment") {
  const auto path = *CgroupPath::parse("weir.slice/weir-a.slice/x.scope");
  CHECK(path.depth() == 3);
  CHECK(path.leaf() == "x.scope");
  CHECK(path.parent().str() == "weir.slice/weir-a.slice");
  CHECK(path.is_child_of(path.parent()));
  CHECK_FALSE(path.is_child_of(path));
  CHECK_FALSE(path.is_child_of(path.parent().parent()));
  CHECK_FALSE(path.is_child_of(*CgroupPath::parse("weir.slice/weir-b.slice")));
  CHECK(CgroupPath::parse("weir.slice")->is_child_of(CgroupPath{}));
  CHECK_FALSE(CgroupPath{}.is_child_of(CgroupPath{}));
  CHECK(path.is_within(path));
  CHECK(path.is_within(*CgroupPath::parse("weir.slice")));
  CHECK(path.is_within(CgroupPath{}));
  CHECK_FALSE(path.is_within(*CgroupPath::parse("weir.slic")));
  CHECK_FALSE(CgroupPath::parse("weir.slice2")->is_within(*CgroupPath::parse("weir.slice")));
}

TEST_CASE("cgroup paths: a child is one safe component") {
  const auto path = *CgroupPath::parse("weir.slice");
  CHECK(path.child("x.scope")->str() == "weir.slice/x.scope");
  for (const auto* bad : {"", "a/b", "..", "memory.max", "a\n"}) CHECK_FALSE(path.child(bad));
}

TEST_CASE("slices: the top one and those of pools") {
  CHECK(parse_slice_name("weir.slice") == "weir.slice");
  for (const auto* bad : {"weir", ".slice", "a-b.slice", "-.slice", "a/b.slice", "Weir.slice"})
    CHECK_MESSAGE(!parse_slice_name(bad), bad);
  CHECK(slice_component("weir.slice", {}) == "weir.slice");
  CHECK(slice_component("weir.slice", ancestry({"team", "nightly"})) == "weir-team-nightly.slice");
}

TEST_CASE("slices: the deepest and longest fit into a file name") {
  const std::string longest(31, 'a');
  std::vector<PoolName> names(6, *PoolName::parse(longest));
  const auto component = slice_component(longest + ".slice", names);
  CHECK(component.size() < 256);
  CHECK(CgroupPath{}.child(component));
}

TEST_CASE("names: what a runtime calls its container is taken as it is, as far as it is safe") {
  const auto id = std::string(64, 'a');
  CHECK(ContainerName::of_leaf("libpod-" + id + ".scope").str() == "libpod-" + id);
  CHECK(ContainerName::of_leaf("docker-0123").str() == "docker-0123");
  CHECK(ContainerName::of_leaf("a b\n\xC3\xA4").str() == "a_b___");
  CHECK(ContainerName::of_leaf(".scope").str() == ".scope");
  CHECK(ContainerName::of_leaf("").str() == "_");
  for (const auto& leaf :
       {std::string{"libpod-x.scope"}, std::string(400, 'x'), std::string{"\x01"}})
    CHECK(ContainerName::parse_existing(ContainerName::of_leaf(leaf).str()));
  for (const auto* bad : {"", "a/b", "a b", "memory.max", "a\n"})
    CHECK_FALSE(ContainerName::parse_existing(bad));
}
