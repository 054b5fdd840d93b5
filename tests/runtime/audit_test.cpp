// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/audit.h"

#include <cstdio>
#include <doctest/doctest.h>
#include <string>
#include <sys/stat.h>

#include "weir/cgroup/append_log.h"
#include "weir/cgroup/files.h"

#include "support/temp_dir.h"

using namespace weir;
using weir::testing::TempDir;

TEST_CASE("a line of the log says when, who, what, where and how it ended") {
  const AuditSubject who{1001, 4711, "weir run --pool ci"};
  CHECK(audit_line({"run", "ci", "build7", "no-capacity", "1GiB \"missing\" of \\ 4GiB"}, who,
                   1'795'458'185'000'042) ==
        R"({"time":"2026-11-23T18:23:05.000042Z","who":{"uid":1001,"pid":4711,)"
        R"("command":"weir run --pool ci"},"what":"run","pool":"ci","container":"build7",)"
        R"("result":"no-capacity","reason":"1GiB \"missing\" of \\ 4GiB"})");
  const auto bare = audit_line({"apply", "", "", "done", ""}, who, 0);
  CHECK(bare.find(R"("pool":null,"container":null,"result":"done","reason":null})") !=
        std::string::npos);
}

TEST_CASE("a hostile reason stays on its line and within bounds") {
  const AuditSubject who{0, 1, std::string(5000, '\\')};
  const std::string nasty = std::string(9000, '"') + "\n{\"time\":0}\n\x1b[2J";
  const auto line = audit_line({"run", "ci", nasty, "denied", nasty}, who, 0);
  CHECK(line.size() < longest_log_line);
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(line.ends_with("\"}"));
}

TEST_CASE("lines are appended to a file of mode 0640; nothing else is written to") {
  TempDir folder;
  const auto path = folder.path() + "/weir/audit.jsonl";
  audit(path, {"place", "ci", "a", "done", ""});
  audit(path, {"release", "ci", "a", "done", ""});
  const auto text = read_small_file(path);
  REQUIRE(text.has_value());
  CHECK(std::count(text->begin(), text->end(), '\n') == 2);
  CHECK(text->find("\"what\":\"release\"") != std::string::npos);
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07137U) == 0);

  const auto fifo = folder.path() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_FALSE(append_line(fifo, "x").has_value());  // and does not hang
  audit("", {"run", "", "", "done", ""});
  audit("/nonexistent/folder/log", {"run", "", "", "done", ""});
}
