// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <doctest/doctest.h>
#include <limits>

#include "weir/model/json_cursor.h"

using namespace weir;

namespace {

bool is_json(std::string_view text) {
  JsonCursor cursor(text);
  cursor.skip();
  return cursor.finish();
}

std::string mistake_of(std::string_view text) {
  JsonCursor cursor(text);
  cursor.skip();
  return cursor.finish() ? "" : cursor.error().message;
}

std::string text_of(std::string_view json) {
  JsonCursor cursor(json);
  return cursor.string();
}

Result<std::string> set(std::string_view text, std::vector<std::string_view> path,
                        std::string_view value) {
  return json_set(std::string{text}, path, value);
}

}  // namespace

TEST_CASE("json: what RFC 8259 allows is read over, and nothing else") {
  for (const auto* good : {"{}", "[]", " [1, -0.5e+3, \"a\\u00e4\\n\", true, false, null] ", "0",
                           R"({"a":{"b":[{}]},"a":1})", "\"\xC3\xA4\"", R"("\ud83d\ude00")"})
    CHECK_MESSAGE(is_json(good), good);
  for (const auto* bad : {"",
                          "{",
                          "[",
                          "\"",
                          "{]",
                          "[}",
                          "[1,]",
                          "{\"a\":1,}",
                          "{\"a\"}",
                          "{a:1}",
                          "01",
                          "1.",
                          "-",
                          "+1",
                          ".5",
                          "1e",
                          "tru",
                          "nul",
                          "[1 2]",
                          "{\"a\":1 \"b\":2}",
                          "\"\\x\"",
                          "\"\\u12\"",
                          "\"\\ud800\"",
                          "\"\\ud800\\u0041\"",
                          "\"\x01\"",
                          "\"\xFF\"",
                          "\"\xC3\"",
                          "1 1",
                          "{}x",
                          "\\",
                          "\"\\",
                          "'a'",
                          "\xEF\xBB\xBF{}",
                          "[1,,2]",
                          "NaN"})
    CHECK_MESSAGE(!is_json(bad), bad);
  using namespace std::string_view_literals;
  CHECK_FALSE(is_json("\0"sv));
  CHECK_FALSE(is_json("{}\0"sv));
}

TEST_CASE("json: depth is bounded, and a deep text costs neither stack nor time") {
  const std::string fits(JsonCursor::deepest, '['), closed(JsonCursor::deepest, ']');
  CHECK(is_json(fits + closed));
  CHECK(mistake_of("[" + fits + closed + "]").find("nested more than 64 deep") !=
        std::string::npos);
  CHECK_FALSE(is_json(std::string(10'000'000, '[')));
}

TEST_CASE("json: a mistake is one line that names the byte") {
  CHECK(mistake_of("{\"a\":\n tru}") == "JSON, byte 8: expected a value");
  CHECK(mistake_of("\"\xFF\"") == "JSON, byte 2: not UTF-8");
  CHECK(mistake_of("{\"a\"") == "JSON, byte 5: the text ends too early");
}

TEST_CASE("json: strings come unescaped, numbers whole") {
  CHECK(text_of(R"("a\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00")") ==
        "a\"\\/\b\f\n\r\t\xC3\xA4\xF0\x9F\x98\x80");
  for (const auto* bad : {"1.0", "1e3", "9223372036854775808", "\"1\"", "null"}) {
    JsonCursor cursor(bad);
    cursor.integer();
    CHECK_MESSAGE(cursor.failed(), bad);
  }
  JsonCursor least("-9223372036854775808");
  CHECK(least.integer() == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("json: any byte is what it is wherever it stands in a string") {
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t before = 0; before < 20; ++before)
      for (const std::size_t behind : {0, 1, 7, 8, 20}) {
        const auto c = static_cast<char>(byte);
        const auto text = "\"" + std::string(before, '~') + c + std::string(behind, '\x7f') + "\"";
        const bool plain = byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
        // An early quote ends the string: alone it is whole, and so is one behind which nothing is.
        const bool good = plain && is_json(text) && text_of(text).size() == before + 1 + behind;
        CHECK_MESSAGE(good == plain, byte, " behind ", before, ", before ", behind);
        if (!plain) CHECK_MESSAGE(!is_json(text), byte, " behind ", before, ", before ", behind);
      }
}

TEST_CASE("json: after a mistake nothing is read any more") {
  JsonCursor cursor("{\"a\":tru,\"b\":1}");
  std::string key;
  REQUIRE(cursor.enter());
  REQUIRE(cursor.next_key(key));
  cursor.skip();
  CHECK(cursor.failed());
  CHECK_FALSE(cursor.next_key(key));
  CHECK_FALSE(cursor.next_item());
  CHECK_FALSE(cursor.enter());
  CHECK(cursor.peek() == JsonKind::none);
}

TEST_CASE("json: a value is set and every other byte stays") {
  const std::string_view text =
      "{ \"x\" :1,\n\"linux\":{\"a\":[1 ,2],\"path\":\"/old\"} ,\"y\":{}}\n";
  CHECK(*set(text, {"linux", "path"}, "\"/new\"") ==
        "{ \"x\" :1,\n\"linux\":{\"a\":[1 ,2],\"path\":\"/new\"} ,\"y\":{}}\n");
  CHECK(
      *set(text, {"linux", "more", "deep"}, "7") ==
      "{ \"x\" :1,\n\"linux\":{\"more\":{\"deep\":7},\"a\":[1 ,2],\"path\":\"/old\"} ,\"y\":{}}\n");
  CHECK(*set(text, {"y", "b"}, "true") ==
        "{ \"x\" :1,\n\"linux\":{\"a\":[1 ,2],\"path\":\"/old\"} ,\"y\":{\"b\":true}}\n");
  CHECK(*set("{}", {"a", "b"}, "1") == "{\"a\":{\"b\":1}}");
  CHECK(*set("{\"a\":null}", {"a", "b"}, "1") == "{\"a\":{\"b\":1}}");
  CHECK(*set("{\"\\u0061\":2}", {"a"}, "1") == "{\"\\u0061\":1}");
}

TEST_CASE(
    "json: equal keys and variants of a key on the way are refused, elsewhere they do not matter") {
  for (const auto* bad :
       {R"({"linux":{},"linux":{}})", R"({"Linux":{}})", R"({"linux":{"path":1,"PATH":2}})",
        R"({"linux":{},"l\u0069nux":{}})", "{\"linu\xC5\xBF\":{},\"linux\":{}, \"lInux\":1}"})
    CHECK_MESSAGE(!set(bad, {"linux", "path"}, "1").has_value(), bad);
  CHECK(same_key_ignoring_case("Re\xC5\xBFources", "resources"));
  CHECK(
      same_key_ignoring_case("\xE2\x84\xAA"
                             "ey",
                             "key"));
  CHECK_FALSE(same_key_ignoring_case("resource", "resources"));
  CHECK(set(R"({"other":1,"OTHER":2,"other":3})", {"linux"}, "1").has_value());
  CHECK_FALSE(set("[]", {"a"}, "1").has_value());
}

TEST_CASE("json: what is quoted reads back") {
  const std::string text = "a\"b\\c\n\x01\xC3\xA4/";
  CHECK(text_of(json_quoted(text)) == text);
}
