// SPDX-License-Identifier: Apache-2.0
#include "weir/model/agent_message.h"

#include <doctest/doctest.h>

#include "weir/model/process_ids.h"

using namespace weir;

namespace {

AgentRequest full_request() {
  AgentRequest request{.asked = {.name = *ContainerName::parse("build-7")}};
  request.pool = "ci";
  request.asked.cpu_limit = Cores{1'500'000};
  request.asked.memory_limit = Bytes{1 << 30};
  request.asked.priority = 3;
  request.leave = true;
  request.wait = std::chrono::milliseconds{2500};
  return request;
}

}  // namespace

TEST_CASE("a request comes back as it was written") {
  const auto request = full_request();
  const auto again = AgentRequest::parse(request.str());
  REQUIRE(again);
  CHECK(again->str() == request.str());
  CHECK(again->pool == "ci");
  CHECK(again->asked.cpu_limit == Cores{1'500'000});
  CHECK(again->wait == std::chrono::milliseconds{2500});
  CHECK(again->leave);
  CHECK_FALSE(again->kill);
}

TEST_CASE("a request that is not one is refused as wrong usage, and never believed in part") {
  const auto good = full_request().str();
  const std::vector<std::string> wrong{
      "",
      "weir request 2\n\nweir 1\nname a\n",
      good.substr(0, 40),
      std::string(longest_request + 1, 'a'),
      "weir request 1\nwhat steal\n\nweir 1\nname a",
      "weir request 1\nwait -1\n\nweir 1\nname a",
      good + "name ../x\n",
      "weir request 1\nwhat run\n\nweir 1\nname a/b",
  };
  for (const auto& bad : wrong) {
    CAPTURE(bad);
    CHECK_FALSE(AgentRequest::parse(bad));
  }
}

TEST_CASE("a reply with containers comes back as it was written") {
  AgentReply reply;
  reply.path = *CgroupPath::parse("weir.slice/weir-ci.slice/a.scope");
  ListedContainer entry{.record = {.name = *ContainerName::parse("a")}};
  entry.path = reply.path;
  entry.frozen = true;
  entry.pids = 7;
  entry.usage = Cores{250'000};
  reply.containers = {entry, entry};
  const auto again = AgentReply::parse(reply.str());
  REQUIRE(again);
  CHECK(again->str() == reply.str());
  REQUIRE(again->containers.size() == 2);
  CHECK(again->containers[1].pids == 7);
  CHECK_FALSE(again->error);
}

TEST_CASE("an error goes through a reply with its code, and cannot forge further lines") {
  AgentReply reply;
  reply.error = Error{Errc::denied, 0, "not\npath weir.slice", "ask", ""};
  const auto again = AgentReply::parse(reply.str());
  REQUIRE(again);
  REQUIRE(again->error);
  CHECK(again->error->code == Errc::denied);
  CHECK(again->error->hint == "ask");
  CHECK(again->path.is_root());
}

TEST_CASE("tickets and what is told before a reply come back as they were written") {
  AgentReply reply;
  const QueueTicket ticket{17, *PoolName::parse("ci"), {.name = *ContainerName::parse("a")}, 42, 9};
  reply.tickets = {{ticket, 3}, {ticket, 4}};
  const auto again = AgentReply::parse(reply.str());
  REQUIRE(again);
  CHECK(again->str() == reply.str());
  REQUIRE(again->tickets.size() == 2);
  CHECK(again->tickets[1].position == 4);
  CHECK(again->tickets[1].ticket.pool.str() == "ci");
  CHECK_FALSE(AgentReply::parse("weir reply 1\n\nticket 1\npool ../x\n\nweir 1\nname a"));
  CHECK_FALSE(AgentReply::parse("weir reply 1\n\nticket 1\n\nweir 1\nname a"));

  const auto notice = PlaceNotice::parse(PlaceNotice{3, "pool ci\nis full"}.str());
  REQUIRE(notice);
  CHECK(notice->position == 3);
  CHECK(notice->reason.find('\n') == std::string::npos);
  for (const auto* wrong :
       {"", "weir-waits-1 ", "weir-waits-1 0 x\n", "weir-waits-1 -1 x\n", "x 1 y\n"})
    CHECK_FALSE(PlaceNotice::parse(wrong));
}

TEST_CASE("a reply never exceeds a message; what does not fit is left out") {
  AgentReply reply;
  reply.containers.assign(2000, ListedContainer{.record = {.name = *ContainerName::parse("a")}});
  const auto text = reply.str();
  CHECK(text.size() <= longest_reply);
  const auto again = AgentReply::parse(text);
  REQUIRE(again);
  CHECK(again->containers.size() > 100);
}

TEST_CASE("users and groups of a process; a setuid or setgid program shows") {
  const auto status = [](const char* uids, const char* gids) {
    return std::string{"Name:\tsh\nUid:\t"} + uids + "\nGid:\t" + gids + "\nGroups:\t5 1001 \n";
  };
  const auto plain = parse_process_ids(status("1001\t1001\t1001\t1001", "1001\t1001\t1001\t1001"));
  REQUIRE(plain);
  CHECK(plain->is_plain());
  CHECK(plain->supplementary == std::vector<std::uint32_t>{5, 1001});
  CHECK_FALSE(parse_process_ids(status("1001\t0\t0\t0", "1\t1\t1\t1"))->is_plain());
  CHECK_FALSE(parse_process_ids(status("1\t1\t1\t1", "1\t2\t2\t2"))->is_plain());
  CHECK_FALSE(parse_process_ids("Name:\tsh\nUid:\t1 1 1\nGid:\t1 1 1 1\nGroups:\t\n"));
  CHECK_FALSE(parse_process_ids(""));
}
