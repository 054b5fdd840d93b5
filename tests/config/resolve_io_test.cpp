// SPDX-License-Identifier: Apache-2.0
// Claims on disks, once the paths are known to lead somewhere.
#include "weir/config/resolve_io.h"

#include <doctest/doctest.h>

#include "weir/config/parse.h"
#include "weir/config/resolve.h"

namespace weir {
namespace {

Host machine() {
  Host host;
  host.online = *CpuSet::parse("0-3");
  host.memory_total = {std::int64_t{4} << 30};
  host.tasks_max = {32768};
  return host;
}

/// "/a" and "/a/b" lie on vda, "/md" spreads, "/dev/vdb" is a node, "/tmp" has no disk.
Carriers carriers() {
  Carriers out;
  const Carrier vda{{254, 0}, "vda", {"vda2"}, {}, false};
  out.emplace("/a", vda);
  out.emplace("/a/b", vda);
  out.emplace("/md", Carrier{{9, 0}, "md0", {}, {"sda", "sdb"}, false});
  out.emplace("/dev/vdb", Carrier{{254, 16}, "vdb", {}, {}, true});
  out.emplace("/tmp", fail(Errc::unsupported, "lies on tmpfs, which has no disk", "another path"));
  return out;
}

struct Outcome {
  PoolTree tree;
  std::vector<Diagnostic> diagnostics;
};

Outcome resolved(const std::string& text) {
  const auto parsed = parse_config({{"weir.toml", text}});
  for (const auto& diagnostic : parsed.diagnostics) FAIL(diagnostic.message);
  auto out = check_config(parsed, machine());
  REQUIRE(out.ok());
  auto diagnostics = resolve_io(out.tree, carriers());
  return {std::move(out.tree), std::move(diagnostics)};
}

constexpr auto disk_a = "[[host.disk]]\npath = \"/a\"\nread_bps = \"100MB\"\n";

TEST_CASE("claims meet their disk, whatever path leads there") {
  const auto out = resolved(std::string{disk_a} +
                            "[pool.web]\nio = [ { path = \"/a/b\", shares = 200, read_bps = "
                            "{ reservation = \"50MB\", limit = \"70MB\" } } ]\n");
  CHECK(out.diagnostics.empty());
  REQUIRE(out.tree.disks.size() == 1);
  CHECK(out.tree.disks[0].capability[IoRate::read_bps] == 100'000'000);
  REQUIRE(out.tree.pools[0].io.size() == 1);
  const auto& claim = out.tree.pools[0].io[0];
  CHECK(claim.shares == 200);
  CHECK(claim.reservation[IoRate::read_bps] == 50'000'000);
  CHECK(claim.limit[IoRate::read_bps] == 70'000'000);
  CHECK_FALSE(claim.limit[IoRate::write_bps]);
}

/// The only mistake of `text`: "LINE:COLUMN: MESSAGE".
std::string mistake(const std::string& text) {
  const auto out = resolved(text);
  if (out.diagnostics.size() != 1) return std::to_string(out.diagnostics.size()) + " diagnostics";
  const auto& d = out.diagnostics[0];
  return std::to_string(d.at.line) + ":" + std::to_string(d.at.column) + ": " +
         (d.warning ? "warning: " : "") + d.message;
}

TEST_CASE("a path without a disk is a mistake at its place") {
  CHECK(mistake("[pool.web]\nio = [ { path = \"/tmp\", read_iops = { limit = 9 } } ]\n") ==
        "2:17: pool.web.io.path: lies on tmpfs, which has no disk");
  CHECK(mistake("[[host.disk]]\npath = \"/tmp\"\nread_iops = 9\n[pool.web]\n") ==
        "2:8: host.disk.path: lies on tmpfs, which has no disk");
}

TEST_CASE("one entry for each disk") {
  CHECK(mistake("[pool.web]\nio = [ { path = \"/a\", read_iops = { limit = 9 } },\n"
                "       { path = \"/a/b\", read_iops = { limit = 9 } } ]\n") ==
        "3:17: pool.web.io.path: leads to vda (254:0), through vda2, as '/a' does");
  CHECK(mistake(std::string{disk_a} +
                "[[host.disk]]\npath = \"/a/b\"\nread_bps = \"1MB\"\n[pool.web]\n") ==
        "5:8: host.disk.path: leads to vda (254:0), through vda2, as '/a' does");
}

TEST_CASE("shares and reservations need a declared capability of that very disk") {
  CHECK(mistake(std::string{disk_a} + "[pool.web]\nio = [ { path = \"/md\", shares = 5 } ]\n") ==
        "2 diagnostics");  // the spread is a warning of its own
  const auto text =
      std::string{disk_a} + "[pool.web]\nio = [ { path = \"/dev/vdb\", shares = 5 } ]\n";
  const auto out = resolved(text);
  REQUIRE(out.diagnostics.size() == 2);
  CHECK(out.diagnostics[1].message ==
        "pool.web.io: shares of vdb (254:16), whose capability is not declared");
  CHECK(out.diagnostics[1].hint.starts_with("declare it: [[host.disk]] with path = \"/dev/vdb\""));
  CHECK(mistake(std::string{disk_a} + "[pool.web]\nio = [ { path = \"/a/b\", write_bps = { "
                                      "reservation = \"1MB\" } } ]\n") ==
        "5:53: pool.web.io.write_bps.reservation: write_bps of vda is not declared");
}

TEST_CASE("reservations fit the disk even when the paths differ") {
  CHECK(
      mistake(std::string{disk_a} +
              "[pool.web]\nio = [ { path = \"/a\", read_bps = { reservation = \"60MB\" } } ]\n"
              "[pool.ci]\nio = [ { path = \"/a/b\", read_bps = { reservation = \"60MB\" } } ]\n") ==
      "7:52: pool.ci.io.read_bps.reservation: makes 120000000 of vda reserved here, the disk has "
      "100000000");
  CHECK(
      mistake(std::string{disk_a} +
              "[pool.team]\nio = [ { path = \"/a\", read_bps = { reservation = \"6MB\" } } ]\n"
              "[pool.ci]\nparent = \"team\"\n"
              "io = [ { path = \"/a/b\", read_bps = { reservation = \"7MB\" } } ]\n") ==
      "8:52: pool.ci.io.read_bps.reservation: makes 7000000 of vda reserved here, 'team' reserves "
      "6000000");
}

TEST_CASE("the kernel takes no limit of 1") {
  CHECK(mistake("[pool.web]\nio = [ { path = \"/a\", read_iops = { limit = 1 } } ]\n") ==
        "2:45: pool.web.io.read_iops.limit: 1 is too little: the kernel takes 2 and more");
}

TEST_CASE("what a limit does not reach is said") {
  CHECK(mistake("[pool.web]\nio = [ { path = \"/dev/vdb\", read_iops = { limit = 9 } } ]\n") ==
        "2:17: warning: pool.web.io.path: has no effect on buffered writes to /dev/vdb itself; "
        "direct ones and those of a file system on it are held");
  CHECK(mistake("[pool.web]\nio = [ { path = \"/md\", read_iops = { limit = 9 } } ]\n") ==
        "2:17: warning: pool.web.io.path: is set on md0 itself and has no effect on what reaches "
        "sda and sdb in another way");
  const auto out = resolved("[pool.web]\nio = [ { path = \"/a\", read_iops = { limit = 9 } } ]\n");
  const auto warnings = warn_without_controller(out.tree);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].warning);
  CHECK(warnings[0].at.line == 2);
}

}  // namespace
}  // namespace weir
