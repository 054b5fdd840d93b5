// SPDX-License-Identifier: Apache-2.0
#include "weir/model/cpu_set.h"

#include <doctest/doctest.h>

using namespace weir;

TEST_CASE("cpu sets: read and written as the kernel's lists") {
  CHECK(CpuSet::parse("0-3,8")->cpus() == std::vector<int>{0, 1, 2, 3, 8});
  CHECK(CpuSet::parse("8,0-3,2")->str() == "0-3,8");
  CHECK(CpuSet::parse("0,1,2")->str() == "0-2");
  CHECK(CpuSet::parse("5\n")->str() == "5");
  CHECK(CpuSet::parse("")->empty());
  CHECK(CpuSet::parse("8191")->size() == 1);
}

TEST_CASE("cpu sets: what is no list") {
  for (const auto* text : {"3-1", "-1", "1-", "a", "1,,2", ",", "1,", "1 2", "0-8192", "0x1",
                           "0-99999999999", "1-2-3", "all", "0:1"})
    CHECK_MESSAGE(!CpuSet::parse(text), text);
  std::string bomb = "0-8191";
  for (int i = 0; i < 100; ++i) bomb += ",0-8191";
  CHECK_FALSE(CpuSet::parse(bomb));
  CHECK_FALSE(CpuSet::parse(std::string(1 << 20, ',')));
}

TEST_CASE("cpu sets: subsets and intersections") {
  const auto small = *CpuSet::parse("1-2");
  const auto large = *CpuSet::parse("0-3");
  CHECK(small.is_subset_of(large));
  CHECK(small.is_subset_of(small));
  CHECK_FALSE(large.is_subset_of(small));
  CHECK(CpuSet{}.is_subset_of(small));
  CHECK(large.intersect(*CpuSet::parse("2-9")).str() == "2-3");
  CHECK(large.contains(3));
  CHECK_FALSE(large.contains(4));
}
