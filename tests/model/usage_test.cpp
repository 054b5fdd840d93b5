// SPDX-License-Identifier: Apache-2.0
// Statistics files as 6.1 and 6.12 print them.
#include "weir/model/usage.h"

#include <doctest/doctest.h>

#include "weir/model/kernel_files.h"

using namespace weir;

TEST_CASE("usage: a PSI file gives averages and totals") {
  const auto pressure = parse_pressure(
      "some avg10=71.83 avg60=20.00 avg300=4.10 total=8123456\n"
      "full avg10=0.00 avg60=0.00 avg300=0.00 total=123\n");
  REQUIRE(pressure.has_value());
  CHECK(*pressure == Pressure{71.83, 8123456, 123});
  // The root's cpu.pressure of 6.1 has no second line.
  CHECK(parse_pressure("some avg10=1.00 avg60=0.00 avg300=0.00 total=7\n") == Pressure{1, 7, 0});
  for (const auto* text : {"", "some avg10=1.00", "full avg10=0.00 avg60=0.00 avg300=0.00 total=1",
                           "some avg10=x avg60=0.00 avg300=0.00 total=1",
                           "some avg10=0.00 avg60=0.00 avg300=0.00 total=-1"})
    CHECK_FALSE(parse_pressure(text).has_value());
}

TEST_CASE("usage: io.stat gives one line a device") {
  const auto io = parse_io_stat(
      "254:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n254:16 \n");
  REQUIRE(io.has_value());
  REQUIRE(io->size() == 1);
  const auto& counters = io->at({254, 0});
  CHECK(counters == IoCounters{1459200, 314773504, 192, 353});
  CHECK(counters.of(IoRate::read_bps) == 1459200);
  CHECK(counters.of(IoRate::write_bps) == 314773504);
  CHECK(counters.of(IoRate::read_iops) == 192);
  CHECK(counters.of(IoRate::write_iops) == 353);
  CHECK_FALSE(parse_io_stat("vda rbytes=1").has_value());
}

TEST_CASE("usage: shared memory and locked pages are not reclaimable") {
  const auto parts = parse_memory_parts(
      "anon 4096\nfile 10240\nshmem 1024\ninactive_file 8192\nunevictable 2048\n"
      "slab_reclaimable 512\npgfault 7\nworkingset_refault_anon 2\nworkingset_refault_file 1\n");
  CHECK(parts.anon == 4096);
  CHECK(parts.reclaimable() == 10240 - 1024 - 2048 + 512);
  CHECK(parts.faults == 10);
  CHECK(parse_memory_parts("file 1\nshmem 9\n").reclaimable() == 0);
}

TEST_CASE("usage: a file that is not understood leaves the reading as it was") {
  Usage usage;
  take_statistics(usage, file::cpu_stat, "usage_usec 1500000\nthrottled_usec 20\n");
  take_statistics(usage, file::memory_current, "4096\n");
  take_statistics(usage, file::memory_events, "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n");
  take_statistics(usage, file::io_stat, "254:0 rbytes=1 wbytes=2 rios=3 wios=4\n");
  const auto all_is_there = [&] {
    CHECK(usage.cpu_us == 1500000);
    CHECK(usage.throttled_us == 20);
    CHECK(usage.memory == 4096);
    CHECK(usage.events == MemoryEvents{1, 2, 3, 4, 5});
    CHECK(usage.io.size() == 1);
  };
  all_is_there();
  for (const auto name : {file::cpu_stat, file::memory_current, file::memory_events})
    take_statistics(usage, name, "what is this");
  take_statistics(usage, file::io_stat, "what is this");
  all_is_there();
}
