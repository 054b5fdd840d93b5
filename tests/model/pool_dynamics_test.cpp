// SPDX-License-Identifier: Apache-2.0
#include "weir/model/pool_dynamics.h"

#include <doctest/doctest.h>

using namespace weir;

TEST_CASE("dynamics: what is written is read back") {
  PoolDynamics note;
  note.until_us = 123;
  CHECK(PoolDynamics::parse(note.str())->str() == note.str());
  note.cpu_demand = whole_cores(2);
  note.memory_demand = Bytes{5};
  note.memory_high = Bytes{4096};
  note.io.emplace();
  CHECK(PoolDynamics::parse(note.str())->io.has_value());  // decided: no limit at all
  (*note.io)[{254, 0}][IoRate::read_bps] = 1000;
  const auto again = PoolDynamics::parse(note.str());
  REQUIRE(again.has_value());
  CHECK(again->str() == note.str());
  CHECK(again->io == note.io);
}

TEST_CASE("dynamics: hostile notes are refused, later keys are not") {
  for (const auto* text : {"", "weir 2\n", "weir 1\nuntil_us x\n", "weir 1\nmemory_high -1\n",
                           "weir 1\ncpu_demand 9223372036854775807\n", "weir 1\nio_max 254:0\n",
                           "weir 1\nio_max 1:1 rbps=5\nio_max 1:1 rbps=6\n", "weir 1\nio all\n"})
    CHECK_FALSE(PoolDynamics::parse(text).has_value());
  CHECK(PoolDynamics::parse("weir 1\nuntil_us 1\nnew_key x\n").has_value());
}
