// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/observe.h"

#include <doctest/doctest.h>

#include "support/fake_kernel.h"
#include "support/faulty_io.h"

using namespace weir;
using namespace weir::testing;

namespace {

CgroupPath at(std::string_view path) { return *CgroupPath::parse(path); }

/// A top slice with two pools and a container in each.
struct Tree {
  FakeKernel kernel;
  Tree() {
    enable("", "+cpu +memory +pids");
    make("w.slice", "pool", "weir 1\npool w\n");
    enable("w.slice", "+cpu +memory +pids");
    for (const std::string name : {"a", "b"}) {
      const auto pool = "w.slice/w-" + name + ".slice";
      make(pool, "pool", "weir 1\npool " + name + "\n");
      enable(pool, "+cpu +memory +pids");
      make(pool + "/c" + name + ".scope", "container", "weir 1\nname c" + name + "\n");
    }
  }
  void enable(const std::string& path, std::string_view what) {
    REQUIRE(kernel.write(at(path), "cgroup.subtree_control", what).has_value());
  }
  void make(const std::string& path, std::string_view attribute, const std::string& record) {
    REQUIRE(kernel.make(at(path)).has_value());
    REQUIRE(kernel.set_attribute(at(path), attribute, record).has_value());
  }
  std::vector<std::string> paths(Depth depth) {
    const auto tree = observe(kernel, at("w.slice"), depth);
    REQUIRE_MESSAGE(tree.has_value(), tree.error().message);
    std::vector<std::string> out;
    for (const auto& cgroup : tree->cgroups) out.push_back(cgroup.path.str());
    return out;
  }
};

}  // namespace

TEST_CASE("observe: parents before children, with or without containers") {
  Tree tree;
  CHECK(tree.paths(Depth::containers) ==
        std::vector<std::string>{"w.slice", "w.slice/w-a.slice", "w.slice/w-a.slice/ca.scope",
                                 "w.slice/w-b.slice", "w.slice/w-b.slice/cb.scope"});
  CHECK(tree.paths(Depth::pools) ==
        std::vector<std::string>{"w.slice", "w.slice/w-a.slice", "w.slice/w-b.slice"});
}

TEST_CASE("observe: no top slice is an empty tree, not an error") {
  FakeKernel kernel;
  const auto tree = observe(kernel, at("w.slice"), Depth::containers);
  REQUIRE(tree.has_value());
  CHECK(tree->cgroups.empty());
}

TEST_CASE("observe: what vanishes while it is read is left out") {
  Tree tree;
  tree.kernel.remove_under_next_reader(at("w.slice/w-a.slice/ca.scope"));
  CHECK(tree.paths(Depth::containers) == std::vector<std::string>{"w.slice", "w.slice/w-a.slice",
                                                                  "w.slice/w-b.slice",
                                                                  "w.slice/w-b.slice/cb.scope"});
  // A pool goes with everything that was already seen below it.
  Tree other;
  std::size_t left_out = 0;
  for (std::size_t n = 1;; ++n) {
    FaultyIo io(other.kernel, {.at = n, .error = ENODEV, .reads = true});
    const auto seen = observe(io, at("w.slice"), Depth::containers);
    if (io.broken().empty()) break;
    CAPTURE(io.broken());
    // The top slice itself cannot be left out.
    if (!seen) {
      CHECK((io.broken().find("w-") == std::string::npos));
      continue;
    }
    for (const auto& cgroup : seen->cgroups)
      if (!cgroup.path.parent().is_root()) CHECK(seen->find(cgroup.path.parent()) != nullptr);
    left_out += seen->cgroups.size() < 5 ? 1 : 0;
  }
  CHECK(left_out > 20);
}

TEST_CASE("observe: other errors are not swallowed") {
  Tree tree;
  FaultyIo io(tree.kernel, {.at = 9, .error = EIO, .reads = true});
  const auto seen = observe(io, at("w.slice"), Depth::containers);
  REQUIRE_FALSE(seen.has_value());
  CHECK(seen.error().sys == EIO);
}

TEST_CASE("observe: a stranger is named, and nobody looks into it") {
  Tree tree;
  REQUIRE(tree.kernel.make(at("w.slice/w-a.slice/theirs")).has_value());
  REQUIRE(tree.kernel.make(at("w.slice/w-a.slice/theirs/inner.slice")).has_value());
  REQUIRE(tree.kernel
              .set_attribute(at("w.slice/w-a.slice/theirs/inner.slice"), "pool", "weir 1\npool x\n")
              .has_value());
  const auto seen = observe(tree.kernel, at("w.slice"), Depth::containers);
  REQUIRE(seen.has_value());
  CHECK(seen->find(at("w.slice/w-a.slice/theirs"))->kind == CgroupKind::foreign);
  CHECK(seen->find(at("w.slice/w-a.slice/theirs/inner.slice")) == nullptr);
}

TEST_CASE("surroundings: populated siblings weigh, empty ones and the slice itself do not") {
  Tree tree;
  for (const auto* name : {"busy", "idle"}) {
    REQUIRE(tree.kernel.make(at(name)).has_value());
    REQUIRE(tree.kernel.write(at(name), "cpu.weight", "250").has_value());
  }
  REQUIRE(tree.kernel.spawn(at("busy")).has_value());
  REQUIRE(tree.kernel.spawn(at("w.slice/w-a.slice/ca.scope")).has_value());
  const auto beside = tree.kernel.spawn({});
  REQUIRE(beside.has_value());
  const auto around = observe_surroundings(tree.kernel, at("w.slice"));
  REQUIRE(around.has_value());
  CHECK(around->sibling_weights == 250);
  CHECK(around->tasks == std::vector<int>{*beside});
}
