// SPDX-License-Identifier: Apache-2.0
// Statistics of many cgroups, on trees of ordinary files.
#include "weir/cgroup/usage_watcher.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>

#include "support/temp_dir.h"

using namespace weir;
using namespace weir::testing;

namespace {

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

void put_cgroup(const std::string& folder, int cpu_us, int memory) {
  std::filesystem::create_directories(folder);
  put(folder + "/cpu.stat", "usage_usec " + std::to_string(cpu_us) + "\n");
  put(folder + "/memory.current", std::to_string(memory) + "\n");
  put(folder + "/memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
  put(folder + "/cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
  put(folder + "/memory.stat", "anon 100\nfile 50\n");
  put(folder + "/pids.current", "3\n");
}

struct Tree {
  TempDir folder;
  CgroupPath path = *CgroupPath::parse("weir.slice/a.scope");
  std::string a = folder.path() + "/weir.slice/a.scope";
  Tree() { put_cgroup(a, 10, 4096); }
  [[nodiscard]] UniqueFd root() const {
    return UniqueFd{::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  }
};

}  // namespace

TEST_CASE("watcher: what changed is read again through the descriptors that are open") {
  Tree tree;
  UsageWatcher watcher(tree.root());
  Reading reading;
  REQUIRE(watcher.read(tree.path, Detail::container, reading));
  CHECK(reading.usage.cpu_us == 10);
  CHECK(reading.usage.memory == 4096);
  CHECK(reading.usage.tasks == 3);
  CHECK(reading.usage.cpu_pressure->some_us == 5);
  CHECK(reading.parts.anon == 100);
  CHECK(watcher.descriptors() == 6);
  put_cgroup(tree.a, 20, 8192);
  REQUIRE(watcher.read(tree.path, Detail::container, reading));
  CHECK(reading.usage.cpu_us == 20);
  CHECK(reading.usage.memory == 8192);
  CHECK(watcher.followed() == 1);
}

TEST_CASE("watcher: memory.stat is read only when memory.current has moved") {
  Tree tree;
  UsageWatcher watcher(tree.root());
  Reading reading;
  REQUIRE(watcher.read(tree.path, Detail::container, reading));
  put(tree.a + "/memory.stat", "anon 200\nfile 50\n");
  REQUIRE(watcher.read(tree.path, Detail::container, reading));
  CHECK(reading.parts.anon == 100);
  put(tree.a + "/memory.current", "50000000\n");
  REQUIRE(watcher.read(tree.path, Detail::container, reading));
  CHECK(reading.parts.anon == 200);
}

TEST_CASE("watcher: beyond the limit of open files it reads all the same") {
  Tree tree;
  UsageWatcher watcher(tree.root(), std::size_t{1} << 40);
  Reading reading;
  REQUIRE(watcher.read(tree.path, Detail::container, reading));
  CHECK(reading.usage.cpu_us == 10);
  CHECK(watcher.descriptors() == 0);
}

TEST_CASE("watcher: who is gone is forgotten, and its descriptors are closed") {
  Tree tree;
  UsageWatcher watcher(tree.root());
  Reading reading;
  REQUIRE(watcher.read(tree.path, Detail::container, reading));
  watcher.forget(tree.path);
  CHECK(watcher.descriptors() == 0);
  std::filesystem::remove_all(tree.a);
  CHECK_FALSE(watcher.read(tree.path, Detail::container, reading));
  CHECK(watcher.followed() == 0);
}

TEST_CASE("watcher: a symbolic link leads nowhere") {
  Tree tree;
  std::filesystem::remove_all(tree.a);
  put_cgroup(tree.folder.path() + "/elsewhere", 1, 1);
  std::filesystem::create_symlink("../elsewhere", tree.a);
  UsageWatcher watcher(tree.root());
  Reading reading;
  CHECK_FALSE(watcher.read(tree.path, Detail::container, reading));
}
