// SPDX-License-Identifier: Apache-2.0
// How people write quantities, and what is no quantity.
#include "weir/base/units.h"

#include <doctest/doctest.h>
#include <limits>

using namespace weir;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kib = 1024;

/// Text that is a number nowhere.
const std::vector<std::string> nonsense{"",
                                        " ",
                                        "-1",
                                        "+1",
                                        "1 ",
                                        " 1",
                                        "1e400",
                                        "1e3",
                                        "0x10",
                                        "1.",
                                        ".5",
                                        "1.2.3",
                                        "1,5",
                                        "nan",
                                        "inf",
                                        "99999999999999999999",
                                        "1\n",
                                        "--1",
                                        "1%",
                                        "%",
                                        "1.0000000001",
                                        std::string{"1\0", 2},
                                        "\xC2\xB2"};

}  // namespace

TEST_CASE("cores: plain, fractions and thousandths") {
  CHECK(parse_cores("2") == whole_cores(2));
  CHECK(parse_cores("1.5") == Cores{1'500'000});
  CHECK(parse_cores("1500m") == Cores{1'500'000});
  CHECK(parse_cores("0.01") == Cores{10'000});
  CHECK(parse_cores("10m") == Cores{10'000});
  CHECK(parse_cores("0.010000999") == Cores{10'000});
  CHECK(parse_cores("1000000") == max_cores);
}

TEST_CASE("cores: too small, too large, and no number at all") {
  for (const auto* text : {"0", "0.009", "9m", "0m", "1000001", "9223372036854775807",
                           "9223372036854775807m", "1M", "1 core", "m"})
    CHECK_MESSAGE(!parse_cores(text), text);
  for (const auto& text : nonsense) CHECK_MESSAGE(!parse_cores(text), text);
}

TEST_CASE("cores: nothing at all where that is allowed, and next to nothing is not") {
  CHECK(parse_cores_or_zero("0") == Cores{});
  CHECK(parse_cores_or_zero("0m") == Cores{});
  CHECK(parse_cores_or_zero("0.5") == Cores{500'000});
  CHECK_FALSE(parse_cores_or_zero("0.001"));
  CHECK_FALSE(parse_cores_or_zero(""));
  CHECK_FALSE(parse_cores_or_zero("-0"));
}

TEST_CASE("cores: errors quote what was written, made printable") {
  const auto bad = parse_cores("\x1b[2J");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == Errc::usage);
  CHECK(bad.error().message.find("'\\x1b[2J'") != std::string::npos);
  CHECK(parse_cores("0.001").error().message.find("0.01 core") != std::string::npos);
}

TEST_CASE("cores: from a number of a file") {
  CHECK(cores_from_double(1.5) == Cores{1'500'000});
  CHECK(cores_from_double(0.01) == min_cores);
  CHECK(cores_from_double(0.1 + 0.2) == Cores{300'000});
  CHECK(cores_from_double(1e6) == max_cores);
  for (const double bad : {0.0, -1.0, 0.009, 1e6 + 1, std::numeric_limits<double>::infinity(),
                           1e300, -1e300, std::numeric_limits<double>::quiet_NaN()})
    CHECK_FALSE(cores_from_double(bad));
}

TEST_CASE("bytes: binary and decimal units, fractions of them, bare integers") {
  CHECK(parse_bytes("0") == Bytes{0});
  CHECK(parse_bytes("4096") == Bytes{4096});
  CHECK(parse_bytes("4KiB") == Bytes{4 * kib});
  CHECK(parse_bytes("512MiB") == Bytes{512 * kib * kib});
  CHECK(parse_bytes("1.5GiB") == Bytes{1536 * kib * kib});
  CHECK(parse_bytes("1TiB") == Bytes{kib * kib * kib * kib});
  CHECK(parse_bytes("500MB") == Bytes{500'000'000});
  CHECK(parse_bytes("1kB") == Bytes{1000});
  CHECK(parse_bytes("1GB") == Bytes{1'000'000'000});
  CHECK(parse_bytes("2TB") == Bytes{2'000'000'000'000});
  CHECK(parse_bytes("1152921504606846976") == max_bytes);
  CHECK(parse_bytes("1048576TiB") == max_bytes);
}

TEST_CASE("bytes: what is no size") {
  for (const auto* text :
       {"1152921504606846977", "9999999TiB", "1048577TiB", "1.5", "4gib", "4GIB", "4G", "4K", "4B",
        "4 GiB", "GiB", "4GiBx", "-1GiB", "4GB/s", "9223372036854775807TiB", "max"})
    CHECK_MESSAGE(!parse_bytes(text), text);
  for (const auto& text : nonsense) CHECK_MESSAGE(!parse_bytes(text), text);
}

TEST_CASE("durations") {
  CHECK(parse_duration("200ms") == 200ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("1.5m") == 90s);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("0") == 0ms);
  for (const auto* text : {"10", "10 s", "s", "1d", "10S", "99999999999h", "-1s"})
    CHECK_MESSAGE(!parse_duration(text), text);
  for (const auto& text : nonsense) CHECK_MESSAGE(!parse_duration(text), text);
}

TEST_CASE("percentages") {
  CHECK(parse_percent("50%") == Percent{500'000});
  CHECK(parse_percent("12.5%") == Percent{125'000});
  CHECK(parse_percent("100%") == Percent{1'000'000});
  CHECK(parse_percent("0.0001%") == Percent{1});
  for (const auto* text : {"0%", "0.00001%", "100.1%", "101%", "-5%", "50", "50 %", "%", "5%%"})
    CHECK_MESSAGE(!parse_percent(text), text);
}

TEST_CASE("percentages: a part of a whole rounds down and does not overflow") {
  CHECK(Percent{500'000}.of(7) == 3);
  CHECK(Percent{1'000'000}.of(max_bytes.value) == max_bytes.value);
  CHECK(Percent{1}.of(max_bytes.value) == max_bytes.value / 1'000'000);
  CHECK(Percent{1'000'000}.of(std::numeric_limits<std::int64_t>::max()) ==
        std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("texts: cores") {
  CHECK(to_text(Cores{0}) == "0");
  CHECK(to_text(whole_cores(10)) == "10");
  CHECK(to_text(Cores{1'500'000}) == "1.5");
  CHECK(to_text(Cores{10'000}) == "0.01");
  CHECK(to_text(Cores{1}) == "0.000001");
}

TEST_CASE("texts: bytes, for people and to the byte") {
  CHECK(to_text(Bytes{0}) == "0");
  CHECK(to_text(Bytes{512}) == "512");
  CHECK(to_text(Bytes{1536}) == "1.5KiB");
  CHECK(to_text(Bytes{4 * kib * kib * kib}) == "4GiB");
  CHECK(to_text(max_bytes) == "1048576TiB");
  CHECK(to_exact_text(Bytes{1536}) == "1536");
  CHECK(to_exact_text(Bytes{4 * kib}) == "4KiB");
  for (const std::int64_t bytes : {0L, 1L, 1023L, 4096L, 1536L * 1024, 5'000'000'000L})
    CHECK(parse_bytes(to_exact_text(Bytes{bytes})) == Bytes{bytes});
}

TEST_CASE("texts: durations read back") {
  CHECK(to_text(std::chrono::milliseconds{1500}) == "1500ms");
  CHECK(to_text(std::chrono::milliseconds{90'000}) == "90s");
  CHECK(to_text(std::chrono::milliseconds{7'200'000}) == "2h");
  for (const auto duration : {1ms, 1000ms, 60'000ms, 86'400'000ms})
    CHECK(parse_duration(to_text(duration)) == duration);
}

TEST_CASE("pages round down") {
  CHECK(page_floor(Bytes{4095}) == Bytes{0});
  CHECK(page_floor(Bytes{8191}) == Bytes{4096});
}
