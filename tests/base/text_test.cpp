// SPDX-License-Identifier: Apache-2.0
#include "weir/base/text.h"

#include <doctest/doctest.h>

using namespace weir;

TEST_CASE("to_number: the whole text or nothing") {
  CHECK(to_number<int>("42") == 42);
  CHECK(to_number<int>("-42") == -42);
  CHECK(to_number<unsigned>("0") == 0U);
  for (const auto* text : {"", "4 ", " 4", "4x", "+4", "99999999999", "0x4"})
    CHECK_MESSAGE(!to_number<int>(text), text);
  CHECK_FALSE(to_number<unsigned>("-1"));
  CHECK_FALSE(to_number<std::uint64_t>("18446744073709551616"));
}

TEST_CASE("trim and split") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim(" \n").empty());
  CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(split("", ',').empty());
  CHECK(split_words("  a \n bc\t") == std::vector<std::string_view>{"a", "bc"});
  CHECK(split_words(" ").empty());
}

TEST_CASE("utf8_length: valid sequences only") {
  CHECK(utf8_length("a") == 1);
  CHECK(utf8_length("\xC3\xA4x") == 2);
  CHECK(utf8_length("\xE2\x82\xAC") == 3);
  CHECK(utf8_length("\xF0\x9F\x98\x80") == 4);
  for (const auto* bad : {"\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF8\x88\x80\x80\x80", "\x80", "\xFF", "\xE2\x82"})
    CHECK(utf8_length(bad) == 0);
}

TEST_CASE("find_bad_byte: the first that is no text") {
  CHECK(find_bad_byte("") == 0);
  CHECK(find_bad_byte("a\n\xC3\xA4\x7F") == 5);
  CHECK(find_bad_byte("ab\xC3") == 2);
  CHECK(find_bad_byte(std::string_view{"\xC3\xA4\0\xFF", 4}) == 2);
  CHECK(find_bad_byte(std::string_view{"\xC3\xA4\0\xFF", 4}, 3) == 3);
  CHECK(find_bad_byte("ab", 2) == 2);
}

TEST_CASE("path_in") { CHECK(path_in("a/b", "c") == "a/b/c"); }

TEST_CASE("printable: control characters and broken UTF-8 are spelled out") {
  CHECK(printable("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(printable("a\x1b[2J\n") == "a\\x1b[2J\\x0a");
  CHECK(printable("\xC2\x9B") == "\\xc2\\x9b");
  CHECK(printable("\xFF") == "\\xff");
  CHECK(printable(std::string_view{"a\0b", 3}) == "a\\x00b");
}

TEST_CASE("printable: what is too long is cut") {
  CHECK(printable("abcdef", 5) == "ab...");
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("ab\x01 cdefghi", 8) == "ab...");
  CHECK(printable("abc", 3) == "abc");
  CHECK(printable(std::string(1 << 20, 'x')).size() == 120);
  for (std::size_t length = 0; length < 40; ++length) {
    const auto once = printable(std::string(length, '\x01') + "abc\xC3\xA9", 50);
    CHECK(printable(once, 50) == once);
  }
}

TEST_CASE("nearest: slips of the finger, swapped neighbours included") {
  const std::vector<std::string_view> words{"memory", "cpu", "pids", "limit", "team"};
  CHECK(nearest("memroy", words) == "memory");
  CHECK(nearest("cup", words) == "cpu");
  CHECK(nearest("taem", words) == "team");
  CHECK(nearest("limits", words) == "limit");
  CHECK(nearest("pid", words) == "pids");
  CHECK(nearest("network", words).empty());
  CHECK(nearest("", words).empty());
  CHECK(nearest("x", {}).empty());
  CHECK(nearest(std::string(1 << 20, 'm'), words).empty());
}

TEST_CASE("utc_text: as date(1) has it, with leap days, and before 1970") {
  CHECK(utc_text(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(utc_text(1'709'251'199'000'001) == "2024-02-29T23:59:59.000001Z");
  CHECK(utc_text(1'709'251'200'000'000) == "2024-03-01T00:00:00.000000Z");
  CHECK(utc_text(4'102'444'799'999'999) == "2099-12-31T23:59:59.999999Z");
  CHECK(utc_text(-1) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("join_words") {
  CHECK(join_words({}).empty());
  CHECK(join_words({"a"}) == "a");
  CHECK(join_words({"a", "b", "c"}) == "a, b and c");
}
