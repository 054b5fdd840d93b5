// SPDX-License-Identifier: Apache-2.0
// Several files, broken files, and everything in one run.
#include "support.h"

using namespace weir;
using namespace weir::test;

TEST_CASE("files: pools stand in the order of the files and of the lines") {
  const auto outcome = parse_config(
      {{"weir.toml", "[pool.zebra]\n[pool.ant]\n"}, {"weir.d/a.toml", "[pool.bee]\n"}});
  CHECK(outcome.diagnostics.empty());
  REQUIRE(outcome.config.pools.size() == 3);
  CHECK(outcome.config.pools[0].name.str() == "zebra");
  CHECK(outcome.config.pools[1].name.str() == "ant");
  CHECK(outcome.config.pools[2].name.str() == "bee");
  CHECK(outcome.config.pools[2].at == SourcePos{1, 1, 7});
}

TEST_CASE("files: a pool, and [host], stand in one file only") {
  const auto outcome =
      parse_config({{"/etc/weir/weir.toml", "[host]\n[pool.a]\nshares = 1\n"},
                    {"/etc/weir/weir.d/b.toml", "[host]\n\n[pool.a]\nshares = 2\n"}});
  REQUIRE(outcome.diagnostics.size() == 2);
  CHECK(outcome.diagnostics[0].at == SourcePos{1, 1, 2});
  CHECK(outcome.diagnostics[0].message == "host: defined twice");
  CHECK(outcome.diagnostics[1].at == SourcePos{1, 3, 7});
  CHECK(outcome.diagnostics[1].message == "pool.a: defined twice");
  CHECK(outcome.diagnostics[1].hint == "the first is at /etc/weir/weir.toml:2:7");
  REQUIRE(outcome.config.pools.size() == 1);
  CHECK(outcome.config.pools[0].shares.value == 1);
}

TEST_CASE("files: a pool that stands twice in one file is looked into all the same") {
  const auto outcome = parse("[pool.a]\nshares = 1\n[pool.a]\nshares = 0\n[pool.b]\nshares = 0\n");
  REQUIRE(outcome.diagnostics.size() == 3);
  CHECK(outcome.diagnostics[0].at == SourcePos{0, 3, 7});
  CHECK(outcome.diagnostics[0].message == "pool.a: defined twice");
  CHECK(outcome.diagnostics[1].at == SourcePos{0, 4, 10});
  CHECK(outcome.diagnostics[2].at == SourcePos{0, 6, 10});
}

TEST_CASE("files: a syntax error hides neither the rest of its file nor the next one") {
  const auto outcome = parse_config(
      {{"weir.toml", "[pool.a]\nshares = = 1\nmode = \"x\"\n[pool.b\nzzz = 1\n[pool.c]\nzzz = 1\n"},
       {"weir.d/b.toml", "[pool.d]\nparent = \"b\"\nzzz = 2\n"}});
  const auto report = shown(outcome.config, outcome.diagnostics);
  CAPTURE(report);
  REQUIRE(outcome.diagnostics.size() == 5);
  CHECK(outcome.diagnostics[0].at == SourcePos{0, 2, 10});
  CHECK(outcome.diagnostics[1].at == SourcePos{0, 3, 8});
  CHECK(outcome.diagnostics[2].at == SourcePos{0, 4, 8});
  CHECK(outcome.diagnostics[3].at == SourcePos{0, 7, 1});
  CHECK(outcome.diagnostics[4].at == SourcePos{1, 3, 1});
}

TEST_CASE("files: an array that is never closed does not swallow the next section") {
  const auto outcome = parse("[pool.a]\nspill = [\"b\",\n[pool.b]\nshares = 0\n");
  const auto report = shown(outcome.config, outcome.diagnostics);
  CAPTURE(report);
  REQUIRE(outcome.diagnostics.size() == 2);
  CHECK(outcome.diagnostics[0].at == SourcePos{0, 2, 9});
  CHECK(contains(outcome.diagnostics[0].message, "not closed"));
  CHECK(outcome.diagnostics[1].at == SourcePos{0, 4, 10});
}

TEST_CASE("files: characters that are no TOML, or no text, hide nothing else") {
  const auto outcome = parse(
      "[pool.a]\nshares = \u00A01\nmode = \"x\"\n# caf\xE9\n\xE9 = 1\noom = 1\n[pool.b]\nzzz = "
      "1\n");
  const auto report = shown(outcome.config, outcome.diagnostics);
  CAPTURE(report);
  REQUIRE(outcome.diagnostics.size() == 6);
  for (std::uint32_t i = 0; i < 5; ++i) CHECK(outcome.diagnostics[i].at.line == i + 2);
  CHECK(outcome.diagnostics[5].at.line == 8);
}

TEST_CASE("files: a bracket that is open at the end is shown where it opens") {
  const auto outcome = parse("[pool.a]\nspill = [\"b\",\nshares = 0\n");
  REQUIRE(outcome.diagnostics.size() == 1);
  CHECK(outcome.diagnostics[0].at.line <= 3);
}

TEST_CASE("files: more than 1 MiB is refused, the other files are read") {
  const auto outcome = parse_config(
      {{"weir.toml", std::string(max_config_bytes + 1, '\n')}, {"b.toml", "[pool.a]\nzzz = 1\n"}});
  REQUIRE(outcome.diagnostics.size() == 2);
  CHECK(contains(outcome.diagnostics[0].message, "more than 1 MiB"));
  CHECK(outcome.diagnostics[1].at == SourcePos{1, 2, 1});
  CHECK(parse(std::string(max_config_bytes, '\n')).ok());
}

TEST_CASE("files: nesting that would overflow the stack of the library") {
  std::string dotted = "a";
  for (int i = 0; i < 300'000; ++i) dotted += ".a";
  std::string inline_tables;
  for (int i = 0; i < 5000; ++i) inline_tables += "{ a.a.a.a = ";
  for (const auto& text : {dotted + " = 1\n", "[" + dotted + "]\n", "x = " + std::string(9999, '['),
                           "x = " + inline_tables, "x = [\"\"\"\n[pool.\"\"\", {" + dotted}) {
    const auto outcome = parse(text);
    REQUIRE(outcome.diagnostics.size() == 1);
    CHECK(contains(outcome.diagnostics[0].message, "nest more than 32 deep"));
  }
}

TEST_CASE("files: dots in comments, strings and numbers are no nesting") {
  const std::string dots(100, '.');
  CHECK(parse("# " + dots + "\n[pool.a] # a" + dots + "\nseccomp = \"/p" + dots + "\"\n").ok());
  CHECK(parse("[pool.a.match]\nuid = [" + std::string(200, '1').replace(1, 199, "") + "]\n").ok());
  std::string many = "[pool.a.match]\ncgroup_parent = [";
  for (int i = 0; i < 100; ++i) many += "\"/a.b.c\", ";
  CHECK(parse(many + "]\n").ok());
}

TEST_CASE("files: line ends of Windows and a byte order mark") {
  const auto outcome = parse("\xEF\xBB\xBF[pool.a]\r\nshares = 0\r\n");
  REQUIRE(outcome.diagnostics.size() == 1);
  CHECK(outcome.diagnostics[0].at == SourcePos{0, 2, 10});
}

TEST_CASE("files: columns count bytes behind what is not ASCII") {
  const auto outcome = parse("[pool.a.match]\nenv = { \"\xC3\xA4\" = 1, B = \"x\" }\n");
  REQUIRE(outcome.diagnostics.size() == 1);
  CHECK(outcome.diagnostics[0].at == SourcePos{0, 2, 16});
}

TEST_CASE("files: a file of nothing but mistakes ends in a word about the rest") {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "a" + std::to_string(i) + " = 1\n";
  const auto outcome = parse(text);
  REQUIRE(outcome.diagnostics.size() == 1001);
  CHECK(contains(outcome.diagnostics.back().message, "too many mistakes"));
}

TEST_CASE("files: nothing at all is a configuration without pools") {
  CHECK(parse("").ok());
  CHECK(parse_config({}).ok());
}
