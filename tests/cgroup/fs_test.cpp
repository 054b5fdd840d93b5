// SPDX-License-Identifier: Apache-2.0
// The door to the tree on a folder that is none, with the check of the file system switched off.
#include "weir/cgroup/fs.h"

#include <cerrno>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "support/temp_dir.h"

using namespace weir;
using weir::testing::TempDir;

namespace {

CgroupPath at(std::string_view path) { return *CgroupPath::parse(path); }

std::string contents(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>{in}, {}};
}

CgroupFs open(const TempDir& dir) {
  auto opened = CgroupFs::open(dir.path(), CgroupFs::Verify::none);
  REQUIRE(opened.has_value());
  return std::move(*opened);
}

}  // namespace

TEST_CASE("a folder that is no cgroup2 file system is refused, with a remedy") {
  const TempDir dir;
  const auto opened = CgroupFs::open(dir.path());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::unsupported);
  CHECK(opened.error().message == dir.path() + " is not a cgroup v2 file system");
  CHECK(opened.error().hint.find("--cgroup-root") != std::string::npos);
}

TEST_CASE("a root that is missing, or a file, is unsupported and named") {
  const TempDir dir;
  for (const auto& path : {dir.at("none"), dir.file("plain", "x")}) {
    const auto opened = CgroupFs::open(path, CgroupFs::Verify::none);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == Errc::unsupported);
    CHECK(opened.error().message.find(path) != std::string::npos);
  }
}

TEST_CASE("a symlink is never followed, not even to a file inside the tree") {
  const TempDir dir;
  dir.file("a/cpu.weight", "100\n");
  std::filesystem::create_symlink("/etc", dir.at("etc"));
  std::filesystem::create_symlink("/etc/hostname", dir.at("a/cpu.max"));
  std::filesystem::create_symlink("cpu.weight", dir.at("a/cpu.idle"));
  auto fs = open(dir);
  CHECK(fs.read(at("etc"), "hostname").error().sys == ELOOP);
  CHECK(fs.read(at("a"), "cpu.max").error().sys == ELOOP);
  CHECK(fs.write(at("a"), "cpu.max", "x").error().sys == ELOOP);
  CHECK(fs.write(at("a"), "cpu.idle", "1").error().sys == ELOOP);
  CHECK(fs.make(at("etc/weir")).error().sys == ELOOP);
  CHECK(fs.remove(at("etc/weir")).error().sys == ELOOP);
  CHECK(fs.children(at("etc")).error().sys == ELOOP);
  CHECK(fs.directory(at("etc")).error().sys == ELOOP);
  CHECK_FALSE(fs.exists(at("etc")));
  CHECK(contents(dir.at("a/cpu.weight")) == "100\n");
}

TEST_CASE("nothing is created and nothing is cut short") {
  const TempDir dir;
  dir.file("a/cpu.weight", "a long old value\n");
  auto fs = open(dir);
  const auto written = fs.write(at("a"), "cpu.wait", "100");
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().sys == ENOENT);
  CHECK(written.error().message == "write '100' to a/cpu.wait: No such file or directory");
  CHECK_FALSE(std::filesystem::exists(dir.at("a/cpu.wait")));
  CHECK(fs.write(at("none"), "cpu.weight", "1").error().sys == ENOENT);
  CHECK_FALSE(std::filesystem::exists(dir.at("none")));
  REQUIRE(fs.write(at("a"), "cpu.weight", "200").has_value());
  CHECK(contents(dir.at("a/cpu.weight")) == "200ong old value\n");
}

TEST_CASE("errors name the file, and for a write the value") {
  const TempDir dir;
  auto fs = open(dir);
  CHECK(fs.read(at("x/y"), "memory.max").error().message.find("x/y") != std::string::npos);
  CHECK(fs.make(at("x/y")).error().message == "mkdir x/y: No such file or directory");
  CHECK(fs.remove(at("x")).error().message == "rmdir x: No such file or directory");
  CHECK(fs.children(at("x")).error().message == "list x/.: No such file or directory");
}

TEST_CASE("a file of no end is given up") {
  const TempDir dir;
  dir.file("a/memory.stat", std::string(std::size_t{20} << 20, 'x'));
  auto fs = open(dir);
  const auto text = fs.read(at("a"), "memory.stat");
  REQUIRE_FALSE(text.has_value());
  CHECK(text.error().message.find("too large") != std::string::npos);
}

TEST_CASE("children are directories alone, sorted") {
  const TempDir dir;
  for (const auto* name : {"b", "a", "c"}) std::filesystem::create_directory(dir.at(name));
  dir.file("cpu.weight", "1");
  std::filesystem::create_symlink("a", dir.at("link"));
  auto fs = open(dir);
  CHECK(*fs.children({}) == std::vector<std::string>{"a", "b", "c"});
  REQUIRE(fs.remove(at("b")).has_value());
  CHECK(*fs.children({}) == std::vector<std::string>{"a", "c"});
}
