// SPDX-License-Identifier: Apache-2.0
#include "weir/model/kernel_text.h"

#include <doctest/doctest.h>
#include <limits>
#include <string>

using namespace weir;

TEST_CASE("flat keyed: every line is a key and a number, or the whole text is refused") {
  const auto parsed = parse_flat_keyed("usage_usec 12\nnr 0\nbig 18446744073709551615\n");
  REQUIRE(parsed.has_value());
  CHECK(parsed->size() == 3);
  CHECK(parsed->at("usage_usec") == 12);
  CHECK(parsed->at("big") == 18'446'744'073'709'551'615U);
  CHECK(parse_flat_keyed("")->empty());
  for (const auto* wrong : {"usage", "usage 1 2", "usage -1", "usage 1.5", "usage  1", "usage x",
                            "usage 18446744073709551616", "a 1\nb\n", "usage 0x10", "usage +1",
                            "usage 1\r", "\x01\n"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_flat_keyed(wrong).has_value());
  }
}

TEST_CASE("flat keyed: an error shows the line, made fit for a terminal") {
  const auto parsed = parse_flat_keyed("ok 1\nbad\x1b[2J\n");
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().message == "'bad\\x1b[2J' is not 'key number'");
}

TEST_CASE("flat value: the key as a whole word, or nothing") {
  CHECK(flat_value("populated 1\nfrozen 0\n", "frozen") == 0U);
  CHECK(flat_value("oom_kill 3\noom 7\n", "oom") == 7U);
  CHECK_FALSE(flat_value("oom_kill 3\n", "oom").has_value());
  CHECK_FALSE(flat_value("oom\n", "oom").has_value());
  CHECK_FALSE(flat_value("oom x\n", "oom").has_value());
  CHECK_FALSE(flat_value("", "oom").has_value());
}

TEST_CASE("limits: max is nothing, and what does not fit is no limit") {
  CHECK(*parse_limit("max\n") == std::nullopt);
  CHECK(*parse_limit("0\n") == 0);
  CHECK(*parse_limit("9223372036854775807") == 9'223'372'036'854'775'807);
  for (const auto* wrong : {"", "\n", "-1", "9223372036854775808", "1.5", "max max", "MAX", "1k",
                            "0x10", "1 2", "+1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_limit(wrong).has_value());
  }
  CHECK(*parse_count("42\n") == 42);
  CHECK_FALSE(parse_count("max").has_value());
  CHECK_FALSE(parse_count("-1").has_value());
  CHECK_FALSE(parse_count("").has_value());
}

TEST_CASE("cpu.max: quota and period") {
  CHECK(*parse_cpu_max("max 100000\n") == CpuMax{});
  CHECK(*parse_cpu_max("max") == CpuMax{});
  CHECK(*parse_cpu_max("150000 100000")->cores() == Cores{1'500'000});
  CHECK(*parse_cpu_max("1000 1000000")->cores() == Cores{1000});
  CHECK(*parse_cpu_max("17592186044415 1000")->cores() == Cores{17'592'186'044'415'000});
  CHECK(parse_cpu_max("1000001464684629993")->cores()->value ==
        std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(parse_cpu_max("max 100000")->cores().has_value());
  for (const auto* wrong :
       {"", "\n", "100000 100000 1", "x 1", "1 x", "100 0", "100 -5", "-1 100000"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_cpu_max(wrong).has_value());
  }
}

TEST_CASE("pressure: some avg10, or nothing") {
  CHECK(parse_some_avg10("some avg10=12.34 avg60=0.00 avg300=0.00 total=1\nfull avg10=1.00") ==
        doctest::Approx(12.34));
  CHECK_FALSE(parse_some_avg10("full avg10=1.00 avg60=0.00").has_value());
  CHECK_FALSE(parse_some_avg10("some avg10=").has_value());
  CHECK_FALSE(parse_some_avg10("some avg10=x avg60=0").has_value());
  CHECK_FALSE(parse_some_avg10("").has_value());
}

TEST_CASE("the process a thread belongs to") {
  CHECK(parse_thread_group("Name:\tTgid: 7\nState:\tS (sleeping)\nTgid:\t176\nPid:\t177\n") == 176);
  for (const auto* wrong : {"", "Tgid:", "Tgid:\t", "Tgid:\t0\n", "Tgid:\t-3\n", "Tgid:\t1 2\n",
                            "Tgid:\t99999999999\n", "XTgid:\t3\n"})
    CHECK_FALSE(parse_thread_group(wrong).has_value());
}

TEST_CASE("cgroup.procs: numbers, without those of other pid namespaces") {
  CHECK(*parse_pids("1\n22\n0\n333\n") == std::vector<int>{1, 22, 333});
  CHECK(parse_pids("")->empty());
  for (const auto* wrong : {"1 2\n", "x\n", "-1\n", "99999999999\n", " 1\n", "1.0\n"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_pids(wrong).has_value());
  }
}

TEST_CASE("meminfo: kibibytes become bytes") {
  const std::string text = "MemTotal:        2048 kB\nMemFree: 1 kB\nSwapTotal:  0 kB\n";
  CHECK(meminfo_value(text, "MemTotal") == Bytes{2048 * 1024});
  CHECK(meminfo_value(text, "SwapTotal") == Bytes{0});
  CHECK_FALSE(meminfo_value(text, "Mem").has_value());
  CHECK_FALSE(meminfo_value(text, "Missing").has_value());
  CHECK_FALSE(meminfo_value("MemTotal: -1 kB\n", "MemTotal").has_value());
  CHECK_FALSE(meminfo_value("MemTotal:\n", "MemTotal").has_value());
  CHECK_FALSE(meminfo_value("MemTotal: 9223372036854775807 kB\n", "MemTotal").has_value());
}

TEST_CASE("/proc/PID/cgroup: the line of the unified hierarchy") {
  CHECK(parse_proc_cgroup("4:memory:/v1\n0::/a/b\n") == "/a/b");
  CHECK(parse_proc_cgroup("0::/\n") == "/");
  CHECK(parse_proc_cgroup("0::/a b (deleted)\n") == "/a b (deleted)");
  CHECK_FALSE(parse_proc_cgroup("4:memory:/v1\n").has_value());
  CHECK_FALSE(parse_proc_cgroup("10::/x\n").has_value());
  CHECK_FALSE(parse_proc_cgroup("").has_value());
}

TEST_CASE("mountinfo: the first cgroup2 mount, its escapes undone") {
  const std::string text =
      "24 1 0:22 / /proc rw,nosuid - proc proc rw\n"
      "30 24 0:26 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
      "31 24 0:27 /sub /mnt/with\\040blank\\134 rw,nosuid shared:9 master:3 - cgroup2 cgroup2 "
      "rw,nsdelegate\n"
      "32 24 0:27 / /second rw - cgroup2 cgroup2 rw\n";
  const auto found = find_cgroup2(text);
  REQUIRE(found.has_value());
  CHECK(found->mount_point == "/mnt/with blank\\");
  CHECK(found->root == "/sub");
  CHECK(found->options == "rw,nsdelegate");
}

TEST_CASE("mountinfo: the cgroup v1 hierarchy that holds a controller") {
  const std::string text =
      "30 24 0:26 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "31 24 0:27 / /old\\040one rw - cgroup none rw,pids\n"
      "32 24 0:28 / /cgroup rw - cgroup2 none rw,memory_recursiveprot\n";
  CHECK(find_cgroup1(text, "cpu") == "/sys/fs/cgroup/cpu");
  CHECK(find_cgroup1(text, "pids") == "/old one");
  CHECK_FALSE(find_cgroup1(text, "memory").has_value());
  CHECK_FALSE(find_cgroup1(text, "").has_value());
}

TEST_CASE("mountinfo: lines that are cut short or lie are passed over") {
  for (const std::string text :
       {"", "\n", "- cgroup2\n", "1 2 3 4 5 6\n", "24 1 0:22 / /x rw - cgroup2\n",
        "24 1 0:22 / /x rw - cgroup2 cgroup2\n", "24 1 0:22 / /cgroup2 rw - tmpfs cgroup2 rw\n",
        "a - cgroup2 b c\n"}) {
    CAPTURE(text);
    CHECK_FALSE(find_cgroup2(text).has_value());
  }
}
