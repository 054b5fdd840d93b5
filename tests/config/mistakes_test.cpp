// SPDX-License-Identifier: Apache-2.0
// One mistake a case: where it is reported, in which words, with which remedy.
#include "support.h"

using namespace weir;
using namespace weir::test;

namespace {

struct Mistake {
  std::string text;
  std::uint32_t line, column;
  std::string message;
  std::string hint;
};

/// Exactly this one diagnostic, and it is an error.
void expect(const Mistake& mistake) {
  const auto outcome = parse(mistake.text);
  const auto report = shown(outcome.config, outcome.diagnostics);
  CAPTURE(mistake.text);
  CAPTURE(report);
  CHECK_FALSE(outcome.ok());
  REQUIRE(outcome.diagnostics.size() == 1);
  const auto& found = outcome.diagnostics.front();
  CHECK_FALSE(found.warning);
  CHECK(found.at.line == mistake.line);
  CHECK(found.at.column == mistake.column);
  CHECK_MESSAGE(contains(found.message, mistake.message), "wanted: ", mistake.message);
  CHECK_MESSAGE(contains(found.hint, mistake.hint), "wanted: ", mistake.hint);
}

}  // namespace

TEST_CASE("mistakes: unknown keys are shown with the nearest known one") {
  for (const auto& mistake : std::vector<Mistake>{
           {"[pool.web]\nmemroy = { limit = 1 }", 2, 1, "pool.web.memroy: unknown key",
            "did you mean 'memory'?"},
           {"[pool.web]\nMEMORY = { limit = 1 }", 2, 1, "unknown key", "'memory'"},
           {"[pool.web]\nweight = 3", 2, 1, "unknown key", "'shares'"},
           {"[pool.web]\nlimit = 3", 2, 1, "unknown key", "cpu = { limit = 2 }"},
           {"[pool.web]\ncpu = { limits = 2 }", 2, 9, "pool.web.cpu.limits: unknown key",
            "'limit'"},
           {"[pool.web]\ncpu = { max = 2 }", 2, 9, "unknown key", "'limit'"},
           {"[pool.web]\nmemory.hart = true", 2, 8, "pool.web.memory.hart", "'hard'"},
           {"[pool.web]\nzzz = 1", 2, 1, "unknown key", "known here: parent, shares"},
           {"[pools.web]\nshares = 1", 1, 2, "pools: unknown key", "'pool'"},
           {"[host]\nbackends = \"auto\"", 2, 1, "host.backends", "'backend'"},
           {"[host.reserve]\nmem = 1", 2, 1, "host.reserve.mem", "'memory'"},
           {"[hook]\nonerror = \"open\"", 2, 1, "hook.onerror", "'on_error'"},
           {"[runtime]\npaht = \"crun\"", 2, 1, "runtime.paht", "'path'"},
           {"[[host.disk]]\npath = \"/\"\nread_bps = 1\nread_ops = 1", 4, 1, "read_ops",
            "did you mean"},
           {"[pool.a.container]\ncpu = { reqest = 1 }", 2, 9, "pool.a.container.cpu.reqest",
            "'request'"},
           {"[pool.a.allow]\nuser = [\"x\"]", 2, 1, "pool.a.allow.user", "'users'"},
           {"[pool.a.match]\nuids = [1]", 2, 1, "pool.a.match.uids", "'uid'"},
       })
    expect(mistake);
}

TEST_CASE("mistakes: a wrong type says what was expected and what was found") {
  for (const auto& mistake : std::vector<Mistake>{
           {"[pool.a]\nshares = \"100\"", 2, 10, "expected an integer, found a string", ""},
           {"[pool.a]\nshares = 1.5", 2, 10, "found a number with a fraction", ""},
           {"[pool.a]\nshares = 1979-05-27", 2, 10, "found a date or time", ""},
           {"[pool.a]\ncpu = 2", 2, 7, "expected a table, found an integer", "limit = 2"},
           {"[pool.a]\nmemory = \"1GiB\"", 2, 10, "expected a table, found a string", "limit"},
           {"[pool.a]\ncpu = { limit = true }", 2, 17, "expected a number of CPU cores", "1500m"},
           {"[pool.a]\nmemory = { limit = 1.5 }", 2, 20, "expected a size", "512MiB"},
           {"[pool.a]\nexpandable = \"yes\"", 2, 14, "expected true or false", ""},
           {"[pool.a]\nspill = \"b\"", 2, 9, "expected an array, found a string", "["},
           {"[pool.a]\ncpus = 3", 2, 8, "expected a list of CPUs", "\"0-3,8\""},
           {"[pool.a]\nio = { path = \"/\" }", 2, 6, "expected an array of tables", "io = ["},
           {"[pool.a]\nio = [ \"/\" ]", 2, 8, "pool.a.io[0]: expected a table", ""},
           {"[pool.a]\npolicy = 1", 2, 10, "expected one of \"fair\", \"drf\"", ""},
           {"[pool.a]\npolicy = \"round-robin\"\nslice_time = 5", 3, 14, "expected a duration",
            "200ms"},
           {"[pool.a]\nmatch = true", 2, 9, "expected a table, found a boolean", ""},
           {"[pool.a.match]\nuid = [\"x\"]", 2, 8, "pool.a.match.uid[0]: expected an integer", ""},
           {"[pool.a.match]\nenv = { CI = 1 }", 2, 14, "pool.a.match.env.CI: expected a string",
            "quotes"},
           {"[pool.a.container]\nvalue = \"x\"", 2, 9, "expected a number", ""},
           {"pool = 1", 1, 8, "pool: expected a table", "[pool.NAME]"},
           {"pool.a = []", 1, 10, "pool.a: expected a table, found an array", ""},
           {"host = []", 1, 8, "host: expected a table", ""},
           {"[host.disk]\npath = \"/\"\nread_bps = 1", 1, 1, "expected an array of tables",
            "[[host.disk]]"},
       })
    expect(mistake);
}

TEST_CASE("mistakes: values outside their bounds") {
  for (const auto& mistake : std::vector<Mistake>{
           {"[pool.a]\nshares = 0", 2, 10, "0 is outside 1..1000000", ""},
           {"[pool.a]\nshares = 1000001", 2, 10, "outside 1..1000000", ""},
           {"[pool.a]\ncpu.shares = -1", 2, 14, "-1 is outside 1..1000000", ""},
           {"[pool.a]\ncpu.limit = 0", 2, 13, "0.01 core", ""},
           {"[pool.a]\ncpu.limit = 0.005", 2, 13, "0.01 core", ""},
           {"[pool.a]\ncpu.limit = \"5m\"", 2, 13, "0.01 core", ""},
           {"[pool.a]\ncpu.limit = -2", 2, 13, "not a number of CPU cores", ""},
           {"[pool.a]\ncpu.limit = nan", 2, 13, "not a number of CPU cores", ""},
           {"[pool.a]\ncpu.limit = inf", 2, 13, "not a number of CPU cores", ""},
           {"[pool.a]\ncpu.limit = 9223372036854775807", 2, 13, "not a number of CPU cores", ""},
           {"[pool.a]\ncpu.limit = \"2 cores\"", 2, 13, "'2 cores' is not a number", "1500m"},
           {"[pool.a]\ncpu.limit = \"0%\"", 2, 13, "percentage above 0%", ""},
           {"[pool.a]\ncpu.limit = \"101%\"", 2, 13, "percentage", ""},
           {"[pool.a]\nmemory.limit = -1", 2, 16, "-1 is outside 0..2^60", ""},
           {"[pool.a]\nmemory.limit = 0", 2, 16, "must be more than 0", ""},
           {"[pool.a]\nmemory.limit = \"4gib\"", 2, 16, "'4gib' is not a size", "512MiB"},
           {"[pool.a]\nmemory.limit = \"9999999TiB\"", 2, 16, "is not a size", "2^60"},
           {"[pool.a]\nmemory.swap = \"-1\"", 2, 15, "is not a size", ""},
           {"[pool.a]\npids.limit = 0", 2, 14, "outside 1..4194304", ""},
           {"[pool.a]\nmax_containers = -1", 2, 18, "outside 0..1000000", ""},
           {"[pool.a]\npolicy = \"round-robin\"\nslice_time = \"99ms\"", 3, 14,
            "99ms is outside 100ms..24h", ""},
           {"[pool.a]\ncpus = \"\"", 2, 8, "names no CPU", "0-3,8"},
           {"[pool.a]\ncpus = \"3-1\"", 2, 8, "'3-1' is not a list of CPUs", "0-3,8"},
           {"[pool.a]\ncpus = \"0-99999999999\"", 2, 8, "is not a list of CPUs", ""},
           {"[pool.a.container]\nwork = \"0\"", 2, 8, "0ms is outside 1ms..24h", ""},
           {"[pool.a.container]\nvalue = 0", 2, 9, "above 0", ""},
           {"[pool.a.container]\ncpu.request = \"50%\"", 2, 15, "a percentage has no meaning here",
            "absolute"},
           {"[pool.a.match]\nuid = [-1]", 2, 8, "-1 is outside 0..4294967294", ""},
           {"[pool.a.match]\nuid = [4294967295]", 2, 8, "outside 0..4294967294", ""},
           {"[pool.a.match]\ncgroup_parent = [\"/a/../b\"]", 2, 18, "not a pattern", "/ci*"},
           {"[pool.a.match]\ncgroup_parent = [\"/[ci\"]", 2, 18, "not a pattern", ""},
           {"[pool.a.match]\nenv = { \"A=B\" = \"1\" }", 2, 9, "not the name of a variable", ""},
           {"[pool.a.allow]\nusers = [\"\"]", 2, 10, "must not be empty", ""},
           {"[pool.a.allow]\nusers = [\"a:b\"]", 2, 10, "not the name of a user", ""},
           {"[host]\nslice = \"weir\"", 2, 9, "not the name of a top slice", ".slice"},
           {"[host]\nslice = \"a-b.slice\"", 2, 9, "not the name of a top slice", ""},
           {"[host]\novercommit = { cpu = 0 }", 2, 22, "above 0", ""},
           {"[host]\nreserve = { cpu = \"10%\" }", 2, 19, "percentage has no meaning", ""},
           {"[hook]\nmax_wait = \"25h\"", 2, 12, "25h is outside 0ms..24h", ""},
           {"[runtime]\npath = \"bin/crun\"", 2, 8, "not an absolute path", ""},
           {"[runtime]\npath = \"\"", 2, 8, "must not be empty", ""},
           {"[runtime]\npath = \"a\\u0000b\"", 2, 8, "control character", ""},
       })
    expect(mistake);
}

TEST_CASE("mistakes: words that mean nothing are shown with the nearest that does") {
  for (const auto& mistake : std::vector<Mistake>{
           {"[pool.a]\npolicy = \"fiffo\"", 2, 10, "unknown value 'fiffo'", "'fifo'"},
           {"[pool.a]\npolicy = \"roundrobin\"", 2, 10, "unknown value", "'round-robin'"},
           {"[pool.a]\npolicy = \"FIFO\"", 2, 10, "unknown value 'FIFO'", "'fifo'"},
           {"[pool.a]\npolicy = \"\\u001b[2J\"", 2, 10, "\\x1b[2J", "known here: fair"},
           {"[pool.a]\nmode = \"dynamik\"", 2, 8, "unknown value", "'dynamic'"},
           {"[pool.a]\noom = \"proces\"", 2, 7, "unknown value", "'process'"},
           {"[pool.a]\non_error = \"close\"", 2, 12, "unknown value", "'closed'"},
           {"[pool.a]\npolicy = \"priority\"\npreempt = \"freez\"", 3, 11, "unknown value",
            "'freeze'"},
           {"[pool.a]\nseccomp = \"defualt\"", 2, 11, "unknown value", "'default'"},
           {"[pool.a]\nseccomp = \"profile.json\"", 2, 11, "unknown value", "absolute path"},
           {"[host]\nbackend = \"sytemd\"", 2, 11, "unknown value", "'systemd'"},
       })
    expect(mistake);
}

TEST_CASE("mistakes: names of pools") {
  for (const auto& mistake : std::vector<Mistake>{
           {"[pool.web-1]", 1, 7, "'web-1' is not a pool name", "did you mean 'web_1'?"},
           {"[pool.Web]", 1, 7, "'Web' is not a pool name", "did you mean 'web'?"},
           {"[pool.1web]", 1, 7, "'1web' is not a pool name", "a lower-case letter"},
           {"[pool.\"..\"]", 1, 7, "'..' is not a pool name", ""},
           {"[pool.\"a/b\"]", 1, 7, "'a/b' is not a pool name", ""},
           {"[pool.\"a\\nb\"]", 1, 7, "'a\\x0ab' is not a pool name", ""},
           {"[pool.\"\"]", 1, 7, "'' is not a pool name", ""},
           {"[pool.a2345678901234567890123456789012]", 1, 7, "is not a pool name", "30"},
           {"[pool.web-1]\n[pool.b]\nparent = \"web-1\"", 1, 7, "is not a pool name", ""},
       })
    expect(mistake);
}

TEST_CASE("mistakes: disks") {
  const std::string disk = "[[host.disk]]\npath = \"/d\"\nread_bps = \"100MB\"\n";
  for (const auto& mistake : std::vector<Mistake>{
           {"[pool.a]\nio = [ { path = \"/d\", shares = 5 } ]", 2, 32,
            "shares of a disk whose capability is not declared", "[[host.disk]]"},
           {"[pool.a]\nio = [ { path = \"/d\", read_bps = { reservation = 5 } } ]", 2, 50,
            "a reservation of a disk", "path = \"/d\""},
           {"[pool.a]\nio = [ { shares = 5 } ]\n" + disk, 2, 8, "path is missing", ""},
           {"[pool.a]\nio = [ { path = \"d\" } ]", 2, 17, "not an absolute path", ""},
           {"[pool.a]\nio = [ { path = \"/d\", read_bps = { limit = \"50%\" } } ]", 2, 44,
            "a percentage has no meaning here", ""},
           {"[pool.a]\nio = [ { path = \"/d\", read_bps = 5 } ]", 2, 34, "expected a table",
            "limit"},
           {"[pool.a]\nio = [ { path = \"/d\" }, { path = \"/d\" } ]", 2, 34, "stands twice", ""},
           {disk +
                "[pool.a]\nio = [ { path = \"/d\", read_bps = { reservation = 9, limit = 5 } } ]",
            5, 50, "9 is above the limit, 5", ""},
           {disk + "[pool.a]\nio = [ { path = \"/d\", write_bps = { reservation = 9 } } ]", 5, 51,
            "the disk has 0", ""},
           {disk + "[pool.a]\nio = [ { path = \"/d\", read_bps = { reservation = \"60MB\" } } ]\n"
                   "[pool.b]\nio = [ { path = \"/d\", read_bps = { reservation = \"60MB\" } } ]",
            7, 50, "reserve 120000000 together, the disk has 100000000", ""},
           {disk + disk, 5, 8, "'/d' is declared twice", ""},
           {"[[host.disk]]\npath = \"/d\"", 1, 1, "says nothing", "read_bps"},
           {"[[host.disk]]\nread_bps = 1", 1, 1, "path is missing", ""},
           {"[[host.disk]]\npath = \"/d\"\nread_iops = \"5k\"", 3, 13, "expected an integer", ""},
       })
    expect(mistake);
}

TEST_CASE("mistakes: containers against themselves and their pool") {
  for (const auto& mistake : std::vector<Mistake>{
           {"[pool.a.container]\ncpu = { request = 2, limit = 1 }", 2, 19,
            "2 is above the container's limit, 1", ""},
           {"[pool.a]\nmemory.limit = \"1GiB\"\n[pool.a.container]\nmemory.request = \"2GiB\"", 4,
            18, "2GiB is above the pool's limit, 1GiB", ""},
           {"[pool.a]\ncpu.limit = 1\n[pool.a.container]\ncpu.limit = 2", 4, 13,
            "2 is above the pool's limit, 1", "no container could start"},
       })
    expect(mistake);
}

TEST_CASE("mistakes: syntax errors have a place and, where one can be guessed, a remedy") {
  for (const auto& mistake : std::vector<Mistake>{
           {"[pool.web\nshares = 1", 1, 10, "expected ']'", ""},
           {"[pool.web]\nshares = ", 2, 10, "end-of-file", ""},
           {"[pool.web]\nshares = 1 2", 2, 12, "syntax error", ""},
           {"[pool.web]\nmemory.limit = 5GiB", 2, 17, "syntax error", "quotes: \"5GiB\""},
           {"[pool.web]\ncpu.limit = 50%", 2, 15, "syntax error", "quotes: \"50%\""},
           {"[pool.web]\npolicy = fifo", 2, 11, "syntax error", "quotes: \"fifo\""},
           {"[pool.web]\nexpandable = True", 2, 14, "expected 'true'", "lower case"},
           {"[pool.web]\nshares = 99999999999999999999", 2, 30, "not representable", ""},
           {"[pool.web]\ncpu.limit = 1e400", 2, 18, "could not be interpreted", ""},
           {"[pool.web]\nseccomp = \"none", 2, 16, "syntax error in string", ""},
           {"[pool.web]\nshares = 1\nshares = 2", 3, 1, "'shares' is set twice", "one of the two"},
           {"[pool.web]\ncpu = { limit = 1 }\ncpu.limit = 2", 3, 1, "cannot redefine", ""},
           {"[pool.web]\ncpu.limit = 1\n[pool.web.cpu]\nlimit = 2", 3, 1, "set twice", ""},
           {"[pool.web]\nseccomp = \"no\xFFne\"", 2, 14, "not UTF-8", ""},
           {"# caf\xE9\n[pool.web]", 1, 6, "not UTF-8", ""},
           {"[pool.web]\n# \xC0\x80", 2, 3, "not UTF-8", ""},
           {"[pool.web] x", 1, 12, "syntax error", ""},
           {"\xC3\xA4 = 1", 1, 1, "may stand only in quoted text", ""},
           {"[pool.a]\nseccomp = \u201Cnone\u201D", 2, 11, "may stand only", "plain quotes"},
           {"[pool.a]\nshares =\u00A01", 2, 9, "may stand only", "no-break space"},
           {"[pool.a]\nseccomp = \"\"\"/\\\n  \u00A7\"\"\"", 3, 3, "may stand only", ""},
           {"[pool.a]\nseccomp = \"\"\"\\\u00A7\"\"\"", 2, 15, "may stand only", ""},
           {"\"\xC3\xA4\" = 1", 1, 1, "unknown key", "known here: host"},
       })
    expect(mistake);
}

TEST_CASE("mistakes: a NUL byte") {
  const auto outcome = parse(std::string{"[pool.web]\nseccomp = \"a\0b\"\n", 27});
  REQUIRE(outcome.diagnostics.size() == 1);
  CHECK(outcome.diagnostics[0].at == SourcePos{0, 2, 13});
  CHECK(contains(outcome.diagnostics[0].message, "NUL"));
}
