// SPDX-License-Identifier: Apache-2.0
// Trace readers: what they take, and that every mistake is named with file and line.
#include "weir/policy/trace.h"

#include <doctest/doctest.h>

namespace weir {
namespace {

std::string mistake(TraceFormat format, std::string_view text) {
  const auto trace = read_trace(format, "t", text);
  if (trace) return "none";
  CHECK(trace.error().code == Errc::failed);
  return trace.error().message;
}

TEST_CASE("CSV: columns in any order, optional ones left out") {
  const auto trace = read_trace(TraceFormat::csv, "t",
                                "\xEF\xBB\xBFid,arrival,cpu_s,memory,threads,priority,pool\r\n"
                                "a,0,1.5,1024,2,-3,web\r\n"
                                "\r\n"
                                " b , 2.5 , 1e2 , 0 , 1 , 0 , batch \n"
                                "c,2.5,1,0,1,0,web");
  REQUIRE(trace);
  REQUIRE(trace->jobs.size() == 3);
  CHECK(trace->jobs[0].threads == 2);
  CHECK(trace->jobs[0].priority == -3);
  CHECK(trace->jobs[1].id == "b");
  CHECK(trace->jobs[1].cpu_s == 100);
  CHECK(trace->pools == std::vector<std::string>{"web", "batch"});
  CHECK(trace->jobs[2].pool == 0);
  CHECK(trace->owners == trace->pools);

  const auto least = read_trace(TraceFormat::csv, "t", "user,memory,cpu_s,arrival,id\nu,1,2,3,x\n");
  REQUIRE(least);
  CHECK(least->jobs[0].arrival == 3);
  CHECK(least->owners == std::vector<std::string>{"u"});
  CHECK(least->pools == std::vector<std::string>{"default"});
}

TEST_CASE("CSV: samples of demand") {
  const auto trace = read_trace(TraceFormat::csv, "t", "time,pool,cpu,memory\n0,web,1.5,9\n");
  REQUIRE(trace);
  CHECK(trace->demand[0].cpu == 1'500'000);
  CHECK(trace->demand[0].memory == 9);
}

TEST_CASE("JSONL: strings, numbers, null, and ids that are numbers") {
  const auto trace = read_trace(
      TraceFormat::jsonl, "t",
      "{\"id\": \"a\\\"b\", \"arrival\": 0, \"cpu_s\": 2, \"memory\": 5, \"pool\": null}\n"
      "{\"id\":7,\"arrival\":1,\"cpu_s\":2,\"memory\":5,\"pool\":\"x\"}\n");
  REQUIRE(trace);
  CHECK(trace->jobs[0].id == "a\"b");
  CHECK(trace->jobs[1].id == "7");
  CHECK(trace->pools == std::vector<std::string>{"default", "x"});
}

TEST_CASE("SWF: comments, unknown values, jobs that never ran") {
  const auto trace = read_trace(TraceFormat::swf, "t",
                                "; Version: 2.2\n"
                                ";\n"
                                "1 0 5 100 4 -1 2048 -1 -1 -1 1 7 1 -1 1 -1 -1 -1\n"
                                "2 3 0 -1 4 -1 -1 4 -1 -1 0 7 1 -1 1 -1 -1 -1\n"
                                "3 9 0 10 -1 -1 -1 8 -1 1024 1 8 1 -1 1 -1 -1 -1\n");
  REQUIRE(trace);
  REQUIRE(trace->jobs.size() == 2);
  CHECK(trace->skipped == 1);
  CHECK(trace->jobs[0].cpu_s == 400);
  CHECK(trace->jobs[0].threads == 4);
  CHECK(trace->jobs[0].memory == 4 * 2048 * 1024);
  CHECK(trace->jobs[1].threads == 8);
  CHECK(trace->jobs[1].memory == 8 * 1024 * 1024);
  CHECK(trace->owners == std::vector<std::string>{"user7", "user8"});
}

TEST_CASE("a trace may come in pieces of any size") {
  const std::string text = "id,arrival,cpu_s,memory\na,0,1,0\nb,1,1,0\nc,2,1,0";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    TraceReader reader(TraceFormat::csv, "t");
    for (std::size_t at = 0; at < text.size(); at += size)
      REQUIRE(reader.feed(std::string_view(text).substr(at, size)));
    CHECK(std::move(reader).finish()->jobs.size() == 3);
  }
}

TEST_CASE("the format follows the name") {
  CHECK(trace_format_of("a/b.swf.gz") == TraceFormat::swf);
  CHECK(trace_format_of("b.swf") == TraceFormat::swf);
  CHECK(trace_format_of("b.jsonl") == TraceFormat::jsonl);
  CHECK(trace_format_of("b.csv") == TraceFormat::csv);
}

TEST_CASE("bad CSV is refused with file, line and reason") {
  const auto wrong = [](const std::string& row) {
    return mistake(TraceFormat::csv, "id,arrival,cpu_s,memory\na,1,1,0\n" + row + "\n");
  };
  CHECK(wrong("b,2,-1,0") == "t:3: cpu_s -1 is below 1e-09");
  CHECK(wrong("b,2,0,0") == "t:3: cpu_s 0 is below 1e-09");
  CHECK(wrong("b,2,nan,0") == "t:3: cpu_s 'nan' is not a number");
  CHECK(wrong("b,2,inf,0") == "t:3: cpu_s 'inf' is not a number");
  CHECK(wrong("b,2,1e999,0") == "t:3: cpu_s '1e999' is not a number");
  CHECK(wrong("b,2,0x10,0") == "t:3: cpu_s '0x10' is not a number");
  CHECK(wrong("b,2,1,-5") == "t:3: memory -5 is below 0");
  CHECK(wrong("b,2,1,1e30") == "t:3: memory 1e+30 is above 1.152921504606847e+18");
  CHECK(wrong("b,0.5,1,0") == "t:3: arrival 0.5 lies before 1, the one above it: sort the trace");
  CHECK(wrong("b,-2,1,0") == "t:3: arrival -2 is below 0");
  CHECK(wrong("b,2,1") == "t:3: 3 fields where the header has 4");
  CHECK(wrong(",2,1,0") == "t:3: id is empty");
  CHECK(wrong("\"b\",2,1,0") == "t:3: quoted fields are not supported");
  CHECK(wrong(std::string("b\0,2,1,0", 8)) == "t:3: a zero byte: this is not text");
  CHECK(wrong(std::string(20'000'000, ',')) == "t:3: a line of more than 65536 bytes");
  CHECK(wrong(std::string(100, ',')) == "t:3: more than 64 fields");
  CHECK(mistake(TraceFormat::csv, "id,arrival,cpu_s,memory,threads\na,1,1,0,0\n") ==
        "t:2: threads 0 is below 1");
  CHECK(mistake(TraceFormat::csv, "id,arrival,cpu_s,memory,threads\na,1,1,0,1.5\n") ==
        "t:2: threads 1.5 is not a whole number");
}

TEST_CASE("bad headers and empty traces") {
  CHECK(mistake(TraceFormat::csv, "") == "t:0: the trace has no job");
  CHECK(mistake(TraceFormat::csv, "id,arrival,cpu_s,memory\n") == "t:1: the trace has no job");
  CHECK(mistake(TraceFormat::csv, "id,arrival\n") ==
        "t:1: the header names neither id,arrival,cpu_s,memory nor time,pool,cpu,memory");
  CHECK(mistake(TraceFormat::csv, "id,id,arrival\n") == "t:1: id stands here twice in the header");
  CHECK(mistake(TraceFormat::csv, "id,color\n") == "t:1: unknown column 'color' in the header");
  CHECK(mistake(TraceFormat::csv, "id,arrival,cpu_s,memory,time\na,1,1,1,1\n") ==
        "t:2: a line is either a job or a sample of demand");
}

TEST_CASE("bad JSONL") {
  const auto wrong = [](std::string_view text) { return mistake(TraceFormat::jsonl, text); };
  CHECK(wrong("[1]\n") == "t:1: not a JSON object");
  CHECK(wrong("{\"id\":\"a\"") == "t:1: expected ',' or '}'");
  CHECK(wrong("{\"id\":\"a") == "t:1: a string does not end");
  CHECK(wrong("{\"id\" \"a\"}") == "t:1: expected ':' after \"id\"");
  CHECK(wrong("{\"id\":{}}") == "t:1: value of \"id\" is neither a string nor a number");
  CHECK(wrong("{\"id\":\"a\"}x") == "t:1: something stands behind the object");
  CHECK(wrong("{\"id\":\"a\",\"id\":\"b\"}") == "t:1: id stands here twice");
  CHECK(wrong("{}") == "t:1: id is missing");
  CHECK(wrong("{\"id\":\"a\",\"arrival\":0,\"cpu_s\":NaN,\"memory\":0}") ==
        "t:1: value of \"cpu_s\" is neither a string nor a number");
  CHECK(wrong(std::string(60'000, '{')) == "t:1: expected a string in double quotes");
}

TEST_CASE("bad SWF") {
  CHECK(mistake(TraceFormat::swf, "1 2 3\n") == "t:1: 3 fields, not 18");
  CHECK(mistake(TraceFormat::swf, "1 0 5 1e 4 -1 2048 -1 -1 -1 1 7 1 -1 1 -1 -1 -1\n") ==
        "t:1: field 4 '1e' is not a number");
  CHECK(mistake(TraceFormat::swf, "1 0 5 -9 4 -1 2048 -1 -1 -1 1 7 1 -1 1 -1 -1 -1\n") ==
        "t:1: run time -9 is negative");
  CHECK(mistake(TraceFormat::swf, "1 0 5 1 4 -1 2048 -1 -1 -1 1 7 1 -1 1 -1 -1 -1 9\n") ==
        "t:1: more than 18 fields");
}

}  // namespace
}  // namespace weir
