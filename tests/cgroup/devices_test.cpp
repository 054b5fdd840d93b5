// SPDX-License-Identifier: Apache-2.0
// The disk behind a path, over the sysfs and mounts of a machine that were recorded
// (recorded/devices-*.txt: what statx, readlink and read answered there).
#include "weir/cgroup/devices.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdlib.h>

#include "weir/base/text.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

/// A recorded machine, laid out in a temporary folder.
class Machine {
 public:
  explicit Machine(const std::string& name) {
    std::string pattern = (fs::temp_directory_path() / "weir-devices-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    roots_.sys = root_ / "sys";
    roots_.proc = root_ / "proc";
    std::ifstream in(fs::path(WEIR_RECORDED) / name);
    REQUIRE(in);
    for (std::string line; std::getline(in, line);) take(line);
    fs::create_directories(root_ / "proc/self");
    std::ofstream(root_ / "proc/self/mountinfo") << mountinfo_;
  }
  ~Machine() { fs::remove_all(root_); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Result<Carrier> find(const std::string& path) const {
    return find_carrier(path, roots_, [this](const std::string& asked) -> Result<PathFacts> {
      if (const auto at = paths_.find(asked); at != paths_.end()) return at->second;
      return fail(Errc::not_found, asked + ": No such file or directory");
    });
  }
  void add_path(const std::string& path, PathFacts facts) { paths_[path] = facts; }
  void add_mount(const std::string& line) {
    std::ofstream(root_ / "proc/self/mountinfo", std::ios::app) << line << '\n';
  }
  [[nodiscard]] fs::path sys() const { return root_ / "sys"; }

 private:
  void take(const std::string& line) {
    std::istringstream words(line);
    std::string kind, name, rest;
    words >> kind;
    if (kind == "mount") {
      mountinfo_ += line.substr(6) + '\n';
      return;
    }
    words >> name;
    if (kind == "path") return take_path(words, name);
    const auto at = roots_.sys + name;
    if (kind != "link" && kind != "file") return;
    fs::create_directories(fs::path(at).parent_path());
    std::getline(words >> std::ws, rest);
    if (kind == "file") std::ofstream(at) << rest << '\n';
    if (kind != "link") return;
    fs::create_directory_symlink(rest, at);
  }

  void take_path(std::istringstream& words, const std::string& name) {
    std::string kind, number;
    PathFacts facts;
    words >> kind >> number >> facts.mount_id;
    facts.is_block_node = kind == "node";
    facts.device = *DeviceNumber::parse(number);
    paths_[name] = facts;
  }

  fs::path root_;
  HostRoots roots_;
  std::string mountinfo_;
  std::map<std::string, PathFacts> paths_;
};

std::string found(const Machine& machine, const std::string& path) {
  const auto carrier = machine.find(path);
  return carrier ? carrier->str() : "error: " + carrier.error().message;
}

TEST_CASE("a path leads through partitions and device mapper to the one disk below") {
  const Machine vm("devices-vm-6.1.txt");
  CHECK(found(vm, "/") == "vda (254:0)");
  CHECK(found(vm, "/dev/vdd") == "vdd (254:48)");
  CHECK(found(vm, "/dev/vdd1") == "vdd (254:48), through vdd1");
  CHECK(found(vm, "/mnt/a") == "vdd (254:48), through dm-2 (vg-plain) and vdd2");
  SUBCASE("LVM on LUKS, as an installer makes it") {
    CHECK(found(vm, "/mnt/r") == "vdd (254:48), through dm-1 (vg-root), dm-0 (luks) and vdd1");
  }
  SUBCASE("several layers that all end on one disk") {
    CHECK(vm.find("/dev/mapper/vg-both")->device == DeviceNumber{254, 48});
    CHECK(vm.find("/dev/mapper/vg-thin")->device == DeviceNumber{254, 48});
  }
  SUBCASE("a loop device carries its limit itself") {
    CHECK(found(vm, "/dev/loop5") == "loop5 (7:5)");
  }
}

TEST_CASE("what spreads over several disks carries the limit itself and names them") {
  const Machine vm("devices-vm-6.1.txt");
  CHECK(found(vm, "/dev/mapper/vg-wide") == "dm-3 (253:3), which spreads over loop5 and loop6");
  CHECK(found(vm, "/dev/md_t") == "md_t (9:512), which spreads over loop3 and loop4");
}

TEST_CASE("only the path itself makes a device node of it") {
  const Machine vm("devices-vm-6.1.txt");
  CHECK(vm.find("/dev/vdd")->is_node);
  CHECK_FALSE(vm.find("/mnt/a")->is_node);
}

TEST_CASE("file systems without a number of their own") {
  Machine vm("devices-vm-6.1.txt");
  SUBCASE("an overlay stands for its upper directory") {
    CHECK(found(vm, "/mnt/a/m") == "vdd (254:48), through dm-2 (vg-plain) and vdd2");
  }
  SUBCASE("tmpfs and proc have no disk") {
    CHECK(found(vm, "/mnt/f") == "error: lies on tmpfs, which has no disk");
    CHECK(found(vm, "/proc") == "error: lies on proc, which has no disk");
    CHECK(vm.find("/proc").error().code == Errc::unsupported);
  }
  SUBCASE("btrfs is found by the device it was mounted from") {
    vm.add_mount("90 24 0:44 /@home /home rw shared:1 - btrfs /dev/vdd1 rw,subvol=/@home");
    vm.add_path("/home", {false, {0, 45}, 90});
    CHECK(found(vm, "/home") == "vdd (254:48), through vdd1");
  }
  SUBCASE("an overlay whose upper directory is out of sight says so") {
    vm.add_mount("91 24 0:46 / /merged rw - overlay overlay rw,lowerdir=/x,upperdir=/far\\054away");
    vm.add_path("/merged", {false, {0, 46}, 91});
    CHECK(found(vm, "/merged") ==
          "error: upper directory /far,away of the overlay: /far,away: No such file or directory");
  }
}

TEST_CASE("what cannot be followed is an error and no guess") {
  Machine vm("devices-vm-6.1.txt");
  CHECK(vm.find("/no/such").error().code == Errc::not_found);
  SUBCASE("a number that sysfs does not know") {
    vm.add_path("/dev/gone", {true, {8, 1}, 21});
    CHECK(vm.find("/dev/gone").error().message.starts_with("device 8:1 is not in "));
  }
  SUBCASE("devices in a ring") {
    fs::create_directory_symlink("../../dm-4", vm.sys() / "devices/virtual/block/dm-2/slaves/x");
    fs::remove(vm.sys() / "devices/virtual/block/dm-2/slaves/vdd2");
    fs::create_directory_symlink("../../dm-2", vm.sys() / "devices/virtual/block/dm-4/slaves/x");
    CHECK(vm.find("/mnt/a").error().message == "more than 16 layers of devices lie on each other");
  }
  SUBCASE("a mount that is not listed") {
    vm.add_path("/odd", {false, {0, 99}, 777});
    CHECK(found(vm, "/odd") == "error: the mount that /odd lies on is not in mountinfo");
  }
}

}  // namespace
}  // namespace weir
