// SPDX-License-Identifier: Apache-2.0
#include "../../cgroup/systemd_properties.h"

#include <doctest/doctest.h>

using namespace weir;

namespace {

std::vector<UnitProperty> properties(std::string_view file, std::string_view value) {
  const auto out = properties_for(file, value);
  REQUIRE(out.has_value());
  REQUIRE(out->has_value());
  return **out;
}

/// What systemd would write after it was told `value`.
std::string back(std::string_view file, std::string_view value) {
  std::map<std::string, PropertyValue> held;
  for (const auto& property : properties(file, value)) held[property.name] = property.value;
  const auto files = files_of(held, [](const std::string& path) {
    return std::optional{path.substr(path.rfind('/') + 1)};
  });
  const auto at = files.find(file);
  return at == files.end() ? "" : at->second;
}

}  // namespace

TEST_CASE("systemd properties: only slices and scopes below slices are units") {
  const auto unit = [](std::string_view path) { return unit_of(*CgroupPath::parse(path)); };
  CHECK(unit("weir.slice") == "weir.slice");
  CHECK(unit("weir.slice/weir-ci.slice") == "weir-ci.slice");
  CHECK(unit("weir.slice/weir-ci.slice/job.scope") == "job.scope");
  CHECK_FALSE(unit(""));
  CHECK_FALSE(unit("weir.slice/stranger"));
  CHECK_FALSE(unit("weir.slice/weir-ci.slice/job.scope/container"));
  CHECK_FALSE(unit("weir.slice/weir-ci.slice/job.scope/inner.scope"));
  CHECK_FALSE(unit("stranger/inner.slice"));
}

TEST_CASE("systemd properties: what weir writes comes back from systemd as it was") {
  for (const auto& [file, value] : std::vector<std::pair<std::string, std::string>>{
           {"cpu.weight", "10000"},
           {"cpu.weight", "1"},
           {"cpu.max", "150000 100000"},
           {"cpu.max", "1000 100000"},
           {"cpu.max", "max 100000"},
           {"memory.min", "0"},
           {"memory.low", "67108864"},
           {"memory.high", "max"},
           {"memory.max", "536870912"},
           {"memory.swap.max", "0"},
           {"pids.max", "max"},
           {"pids.max", "2000"},
           {"cpuset.cpus", "0-3,8,17"},
           {"io.max", "254:16 rbps=1048576 wbps=max riops=20 wiops=max"}}) {
    CAPTURE(file);
    CAPTURE(value);
    CHECK(back(file, value) == value);
  }
}

TEST_CASE("systemd properties: limits that are taken away are told to systemd as infinity") {
  CHECK(properties("memory.max", "max").front() == UnitProperty{"MemoryMax", infinite});
  CHECK(properties("cpu.max", "max 100000").front() ==
        UnitProperty{"CPUQuotaPerSecUSec", infinite});
  const auto io = properties("io.max", "8:0 rbps=max wbps=max riops=max wiops=max");
  REQUIRE(io.size() == 5);
  CHECK(io[1] == UnitProperty{"IOReadBandwidthMax", DeviceLimits{{"/dev/block/8:0", infinite}}});
  CHECK(back("io.max", "8:0 rbps=max wbps=max riops=max wiops=max").empty());
}

TEST_CASE("systemd properties: a file without a property, and values that are none") {
  for (const auto* file : {"cgroup.freeze", "cgroup.procs", "memory.oom.group", "memory.reclaim"})
    CHECK_FALSE(properties_for(file, "1")->has_value());
  for (const auto& [file, value] :
       std::vector<std::pair<std::string, std::string>>{{"cpu.weight", "many"},
                                                        {"memory.max", "-1"},
                                                        {"memory.max", ""},
                                                        {"cpu.max", "1000 0"},
                                                        {"cpu.max", "1 2 3"},
                                                        {"cpu.max", "18446744073709551615 100000"},
                                                        {"cpuset.cpus", "3-1"},
                                                        {"io.max", "8:0 rbps=x"},
                                                        {"io.max", "8:0 rbps=5\n8:16 rbps=5"},
                                                        {"io.max", ""}}) {
    CAPTURE(file);
    CAPTURE(value);
    CHECK_FALSE(properties_for(file, value).has_value());
  }
}

TEST_CASE("systemd properties: what a unit does not have is not in its files") {
  CHECK(files_of({}, nullptr).empty());
  const auto files =
      files_of({{"CPUWeight", infinite}, {"AllowedCPUs", std::vector<std::uint8_t>{}}}, nullptr);
  CHECK(files == FileValues{{"cpu.weight", "100"}});
}
