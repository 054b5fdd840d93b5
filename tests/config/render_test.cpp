// SPDX-License-Identifier: Apache-2.0
// How a mistake looks on a terminal.
#include "support.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string rendered(std::string text, SourcePos at, std::string hint = {}, bool warning = false) {
  Config config;
  config.files = {{"a.toml", std::move(text)}};
  return render(config, {at, "key", "message", std::move(hint), warning});
}

}  // namespace

TEST_CASE("render: place, line, caret, hint") {
  CHECK(rendered("x = 1\ny = 2\n", {0, 2, 5}, "do it") ==
        "a.toml:2:5: message\ny = 2\n    ^\nhint: do it\n");
  CHECK(rendered("x = 1", {0, 1, 1}) == "a.toml:1:1: message\nx = 1\n^\n");
}

TEST_CASE("render: a warning says so") {
  CHECK(rendered("x = 1", {0, 1, 1}, "", true) == "a.toml:1:1: warning: message\nx = 1\n^\n");
}

TEST_CASE("render: a column behind the end of the line") {
  CHECK(rendered("x =\n", {0, 1, 4}) == "a.toml:1:4: message\nx =\n   ^\n");
  CHECK(rendered("x =\n", {0, 1, 400}) == "a.toml:1:400: message\nx =\n   ^\n");
}

TEST_CASE("render: tabs stay and the caret stays below its column") {
  CHECK(rendered("\tx\t= 1", {0, 1, 4}) == "a.toml:1:4: message\n\tx\t= 1\n\t \t^\n");
}

TEST_CASE("render: line ends of Windows and a byte order mark are not shown") {
  CHECK(rendered("\xEF\xBB\xBFx = 1\r\n", {0, 1, 5}) == "a.toml:1:5: message\nx = 1\n    ^\n");
}

TEST_CASE("render: what is not ASCII takes the columns a terminal gives it") {
  CHECK(rendered("\xC3\xA4 = 1", {0, 1, 6}) == "a.toml:1:6: message\n\xC3\xA4 = 1\n    ^\n");
  CHECK(rendered("\xE6\xBC\xA2 = 1", {0, 1, 7}) ==
        "a.toml:1:7: message\n\xE6\xBC\xA2 = 1\n     ^\n");
  CHECK(rendered("e\xCC\x81 = 1", {0, 1, 7}) == "a.toml:1:7: message\ne\xCC\x81 = 1\n    ^\n");
}

TEST_CASE("render: nothing in a file drives the terminal") {
  CHECK(rendered("a\x1b[2Jb = 1", {0, 1, 6}) == "a.toml:1:6: message\na\\x1b[2Jb = 1\n        ^\n");
  CHECK(rendered("a\xFF = 1", {0, 1, 6}) == "a.toml:1:6: message\na\\xff = 1\n        ^\n");
  CHECK(rendered("\xE2\x80\xAE = 1", {0, 1, 7}) ==
        "a.toml:1:7: message\n\\u202e = 1\n         ^\n");
  Config config;
  config.files = {{"a\nb.toml", "x"}};
  CHECK(render(config, {{0, 1, 1}, "", "m\x1b", "h\n", false}) ==
        "a\\x0ab.toml:1:1: m\\x1b\nx\n^\nhint: h\\x0a\n");
}

TEST_CASE("render: a long line is shown around the caret") {
  const auto out = rendered(std::string(500, 'a') + "X" + std::string(500, 'b'), {0, 1, 501});
  const auto first = out.find('\n') + 1;
  const auto second = out.find('\n', first) + 1;
  const auto line = out.substr(first, second - first - 1);
  CHECK(line.size() <= 130);
  CHECK(line.starts_with("...aaa"));
  CHECK(line.ends_with("bbb..."));
  const auto caret = out.find('^') - second;
  REQUIRE(caret < line.size());
  CHECK(line[caret] == 'X');
}

TEST_CASE("render: lines that are not there are left out") {
  CHECK(rendered("", {0, 1, 1}) == "a.toml:1:1: message\n");
  CHECK(rendered("x", {0, 9, 1}) == "a.toml:9:1: message\n");
  CHECK(rendered("x", {7, 1, 1}) == "?:1:1: message\n");
}

TEST_CASE("render: a mistake as `weir check` prints it") {
  const auto outcome = parse("[pool.web]\ncpu = { limits = 2 }\n");
  CHECK(shown(outcome.config, outcome.diagnostics) ==
        "weir.toml:2:9: pool.web.cpu.limits: unknown key\n"
        "cpu = { limits = 2 }\n"
        "        ^\n"
        "hint: did you mean 'limit'?\n");
}
