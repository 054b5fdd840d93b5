// SPDX-License-Identifier: Apache-2.0
#include "weir/model/kernel_value.h"

#include <doctest/doctest.h>
#include <limits>

#include "weir/model/kernel_files.h"

using namespace weir;

TEST_CASE("what is written is what the kernel will show") {
  CHECK(memory_text(std::nullopt) == "max");
  CHECK(memory_text(Bytes{0}) == "0");
  CHECK(memory_text(Bytes{4095}) == "0");
  CHECK(memory_text(Bytes{1'000'000}) == "999424");
  CHECK(cpu_max_text(std::nullopt) == "max 100000");
  CHECK(cpu_max_text(Cores{1'500'000}) == "150000 100000");
  // The kernel takes no quota below 1 ms (kernel.md #30).
  CHECK(cpu_max_text(min_cores) == "1000 100000");
  CHECK(cpu_max_text(Cores{1}) == "1000 100000");
  CHECK(pids_text(std::nullopt) == "max");
  CHECK(pids_text(Tasks{0}) == "0");
  CHECK(pids_text(Tasks{4'194'303}) == "4194303");
  CHECK(pids_text(Tasks{5'000'000}) == "max");
}

TEST_CASE("the kernel's rounding is no difference") {
  CHECK(same_value(file::memory_max, "999424", "1000000"));
  CHECK(same_value(file::memory_low, "0", "4095"));
  CHECK_FALSE(same_value(file::memory_max, "4096", "8191") == false);
  CHECK_FALSE(same_value(file::memory_max, "4096", "8192"));
  CHECK_FALSE(same_value(file::memory_max, "max", "1000000"));
  CHECK(same_value(file::cpu_max, "max 100000", "max"));
  CHECK(same_value(file::cpu_max, "max 50000", "max 100000"));
  CHECK(same_value(file::cpu_max, "50000 100000", "25000 50000"));
  CHECK_FALSE(same_value(file::cpu_max, "50000 100000", "50000 50000"));
  CHECK(same_value(file::cpuset_cpus, "0,1,2", "0-2\n"));
  CHECK_FALSE(same_value(file::cpuset_cpus, "0-1", "0-2"));
  CHECK_FALSE(same_value(file::cpu_weight, "100", "101"));
  CHECK_FALSE(same_value(file::memory_oom_group, "0", "1"));
  // Pages are memory's alone.
  CHECK_FALSE(same_value(file::pids_max, "4096", "4097"));
}

TEST_CASE("values that do not parse are compared as text") {
  CHECK(same_value(file::memory_max, "junk", "junk\n"));
  CHECK_FALSE(same_value(file::memory_max, "junk", "0"));
  CHECK_FALSE(same_value(file::cpu_max, "", "max 100000"));
  CHECK_FALSE(same_value(file::cpuset_cpus, "x", ""));
}

TEST_CASE("more, less, or neither") {
  using po = std::partial_ordering;
  CHECK(compare_values(file::memory_max, "1048576", "max") == po::greater);
  CHECK(compare_values(file::memory_max, "max", "1048576") == po::less);
  CHECK(compare_values(file::memory_max, "4096", "4100") == po::equivalent);
  CHECK(compare_values(file::cpu_max, "50000 100000", "max 100000") == po::greater);
  CHECK(compare_values(file::cpu_max, "100000 100000", "100000 50000") == po::greater);
  CHECK(compare_values(file::cpu_weight, "100", "50") == po::less);
  CHECK(compare_values(file::cpuset_cpus, "0-1", "0-3") == po::greater);
  CHECK(compare_values(file::cpuset_cpus, "0-1", "") == po::greater);
  CHECK(compare_values(file::cpuset_cpus, "0-3", "0-1") == po::less);
  CHECK(compare_values(file::cpuset_cpus, "0,1", "0-1") == po::equivalent);
  CHECK(compare_values(file::memory_max, "junk", "1") == po::unordered);
}

TEST_CASE("defaults are those of a fresh cgroup") {
  CHECK(default_value(file::cpu_weight) == "100");
  CHECK(default_value(file::memory_max) == "max");
  CHECK(default_value(file::memory_low) == "0");
  CHECK(default_value(file::cpuset_cpus) == "");
  CHECK_FALSE(default_value("cpu.stat").has_value());
}

TEST_CASE("a limit's number") {
  CHECK(limit_number("12\n") == 12);
  CHECK_FALSE(limit_number("max").has_value());
  CHECK_FALSE(limit_number("junk").has_value());
}
