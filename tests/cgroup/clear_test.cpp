// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/clear.h"

#include <cerrno>
#include <doctest/doctest.h>

#include "support/fake_kernel.h"
#include "support/faulty_io.h"

using namespace weir;
using namespace weir::testing;
using std::chrono::milliseconds;

namespace {

CgroupPath at(std::string_view path) { return *CgroupPath::parse(path); }

FakeKernel& with_tree(FakeKernel& kernel) {
  for (const auto* path : {"a", "a/b", "a/b/c", "a/d"}) REQUIRE(kernel.make(at(path)).has_value());
  return kernel;
}

}  // namespace

TEST_CASE("an empty tree is removed from the leaves up") {
  FakeKernel kernel;
  with_tree(kernel);
  CHECK(remove_tree(kernel, at("a")).has_value());
  CHECK_FALSE(kernel.exists(at("a")));
}

TEST_CASE("what is gone already is as good as removed") {
  FakeKernel kernel;
  CHECK(remove_tree(kernel, at("a")).has_value());
  CHECK(kill_and_remove(kernel, at("a")).has_value());
  CHECK(empty_out(kernel, at("a"), milliseconds{0}).has_value());
  CHECK(remove_tree(kernel, at("a")).has_value());
  CHECK(*wait_unpopulated(kernel, at("a"), milliseconds{0}));
}

TEST_CASE("a populated tree is not removed, and says so at once") {
  FakeKernel kernel;
  with_tree(kernel);
  const auto pid = kernel.spawn(at("a/b/c"));
  REQUIRE(pid.has_value());
  const auto removed = remove_tree(kernel, at("a"));
  REQUIRE_FALSE(removed.has_value());
  CHECK(removed.error().sys == EBUSY);
  CHECK(kernel.is_alive(*pid));
  CHECK_FALSE(*wait_unpopulated(kernel, at("a"), milliseconds{20}));
}

TEST_CASE("killing takes everything below along") {
  FakeKernel kernel;
  with_tree(kernel);
  const auto inside = kernel.spawn(at("a/b/c"));
  REQUIRE(kernel.make(at("beside")).has_value());
  const auto outside = kernel.spawn(at("beside"));
  CHECK(kill_and_remove(kernel, at("a")).has_value());
  CHECK_FALSE(kernel.is_alive(*inside));
  CHECK(kernel.is_alive(*outside));
  CHECK_FALSE(kernel.exists(at("a")));
}

TEST_CASE("clearing kills what does not go by itself within the grace") {
  FakeKernel kernel;
  with_tree(kernel);
  const auto pid = kernel.spawn(at("a/b/c"));
  CHECK(empty_out(kernel, at("a"), milliseconds{10}).has_value());
  CHECK(remove_tree(kernel, at("a")).has_value());
  CHECK_FALSE(kernel.is_alive(*pid));
  CHECK_FALSE(kernel.exists(at("a")));
}

TEST_CASE("every failure on the way is reported, or the tree is gone") {
  for (const int error : {EBUSY, EACCES, EIO, ENODEV, ENOENT}) {
    for (std::size_t n = 1;; ++n) {
      FakeKernel kernel;
      with_tree(kernel);
      REQUIRE(kernel.spawn(at("a/b/c")).has_value());
      FaultyIo io(kernel, {.at = n, .error = error});
      const auto done = kill_and_remove(io, at("a"));
      if (io.broken().empty()) break;
      CAPTURE(error);
      CAPTURE(io.broken());
      const bool taken_for_gone = error == ENODEV || error == ENOENT;
      if (done) CHECK((!kernel.exists(at("a")) || taken_for_gone));
    }
  }
}
