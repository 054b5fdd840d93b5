// SPDX-License-Identifier: Apache-2.0
#include "weir/model/record.h"

#include <doctest/doctest.h>
#include <string>

using namespace weir;

namespace {

ContainerRecord full_record() {
  ContainerRecord record{.name = *ContainerName::parse("build-7.x")};
  record.cpu_request = Cores{250'000};
  record.cpu_limit = Cores{1'500'000};
  record.memory_request = Bytes{1 << 20};
  record.memory_limit = Bytes{1 << 30};
  record.swap_limit = Bytes{0};
  record.priority = -7;
  record.value = 2.5;
  record.work = std::chrono::milliseconds{30'000};
  record.oom = OomScope::process;
  record.since_us = 1'795'458'185'000'000;
  record.owner_uid = 4'294'967'294U;
  return record;
}

}  // namespace

namespace {

std::string many_lines(const std::string& line, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += line;
  return out;
}

}  // namespace

TEST_CASE("a container's record comes back as it was") {
  const auto text = full_record().str();
  const auto back = ContainerRecord::parse(text);
  REQUIRE_MESSAGE(back.has_value(), text);
  CHECK(back->str() == text);
  CHECK(back->name.str() == "build-7.x");
  CHECK(back->cpu_limit == Cores{1'500'000});
  CHECK(back->swap_limit == Bytes{0});
  CHECK(back->priority == -7);
  CHECK(back->value == doctest::Approx(2.5));
  CHECK(back->oom == OomScope::process);
  CHECK(back->owner_uid == 4'294'967'294U);
}

TEST_CASE("absent amounts stay absent") {
  const ContainerRecord record{.name = *ContainerName::parse("a")};
  const auto back = ContainerRecord::parse(record.str());
  REQUIRE(back.has_value());
  CHECK_FALSE(back->cpu_limit.has_value());
  CHECK_FALSE(back->memory_limit.has_value());
  CHECK(back->oom == OomScope::group);
  CHECK(back->cpu_reserved() == Cores{0});
}

TEST_CASE("a reservation is the request, else the limit, else nothing") {
  auto record = full_record();
  CHECK(record.cpu_reserved() == Cores{250'000});
  record.cpu_request.reset();
  record.memory_request.reset();
  CHECK(record.cpu_reserved() == Cores{1'500'000});
  CHECK(record.memory_reserved() == Bytes{1 << 30});
}

TEST_CASE("what a container left behind is taken off what its cgroup may hold") {
  auto record = *ContainerRecord::parse(
      "weir 1\nname a\nmemory_limit 1000\nremains 1\nleft_behind 300 web\nleft_behind 100 ci\n");
  CHECK(record.remains);
  CHECK(record.total_left_behind() == Bytes{400});
  CHECK(record.memory_allowed() == Bytes{600});
  CHECK(ContainerRecord::parse(record.str())->left_behind == record.left_behind);
  record.left_behind.push_back({Bytes{5000}, *PoolName::parse("db")});
  CHECK(record.memory_allowed() == Bytes{0});
  record.memory_limit.reset();
  CHECK_FALSE(record.memory_allowed().has_value());
}

TEST_CASE("what a container leaves behind is covered by what it has reserved, and only once") {
  auto record = *ContainerRecord::parse("weir 1\nname a\nmemory_request 1000\nsince_us 7\n");
  const auto left = record.leaving(Bytes{300});
  CHECK(left.remains);
  CHECK(left.since_us == 7);
  CHECK(left.memory_reserved() == Bytes{300});
  CHECK(left.covered == Bytes{300});
  CHECK(*ContainerRecord::parse(left.str()) == left);
  CHECK(record.leaving(Bytes{1300}).covered == Bytes{1000});
  record.left_behind.push_back({Bytes{800}, *PoolName::parse("web")});
  CHECK(record.leaving(Bytes{300}).covered == Bytes{200});
  record.left_behind.push_back({Bytes{800}, *PoolName::parse("db")});
  CHECK(record.leaving(Bytes{300}).covered == Bytes{0});
  CHECK_FALSE(ContainerRecord::parse("weir 1\nname a\ncovered -1\n").has_value());
}

TEST_CASE("a record of a later version keeps what this one knows") {
  const auto back = ContainerRecord::parse("weir 1\nname a\nflavour vanilla\nempty\npriority 3\n");
  REQUIRE(back.has_value());
  CHECK(back->priority == 3);
}

TEST_CASE("a hostile record is refused, whatever is in it") {
  const std::string head = "weir 1\nname a\n";
  for (const auto& text : {std::string{},
                           std::string{"weir 2\nname a\n"},
                           std::string{"name a\n"},
                           std::string{"weir 1\n"},
                           std::string{"weir 1\nname ../etc\n"},
                           std::string{"weir 1\nname memory.max\n"},
                           std::string{"weir 1\nname \n"},
                           std::string{"weir 1\nname a b\n"},
                           std::string{"weir 1\nname a\0b\n", 16},
                           head + "cpu_limit -1\n",
                           head + "cpu_limit\n",
                           head + "cpu_limit 1.5\n",
                           head + "cpu_limit 9223372036854775807\n",
                           head + "cpu_limit 9223372036854775808\n",
                           head + "memory_limit 99999999999999999999\n",
                           head + "memory_limit 1152921504606846977\n",
                           head + "memory_request 1 2\n",
                           head + "value nan\n",
                           head + "value inf\n",
                           head + "value -1\n",
                           head + "value 1e999\n",
                           head + "work -1\n",
                           head + "work 1125899906842625\n",
                           head + "priority x\n",
                           head + "priority 9223372036854775808\n",
                           head + "owner_uid -1\n",
                           head + "owner_uid 4294967296\n",
                           head + "oom maybe\n",
                           head + "oom\n",
                           head + "since_us x\n",
                           head + "left_behind 5\n",
                           head + "left_behind -5 web\n",
                           head + "left_behind 5 Web\n",
                           head + "left_behind 5 web batch\n",
                           head + many_lines("left_behind 1 web\n", most_left_behind + 1),
                           head + std::string(5000, 'x'),
                           std::string(100'000, '\n')}) {
    CAPTURE(text);
    const auto parsed = ContainerRecord::parse(text);
    CHECK_FALSE(parsed.has_value());
    if (!parsed) CHECK(parsed.error().message.size() < 300);
  }
}

TEST_CASE("a pool's record names the pool and what weir switched on above it") {
  const PoolRecord record{*PoolName::parse("weir"), {"cpu", "pids"}, Backend::systemd};
  const auto back = PoolRecord::parse(record.str());
  REQUIRE(back.has_value());
  CHECK(*back == record);
}

TEST_CASE("a hostile pool record is refused, unknown controllers are left out") {
  for (const auto* text : {"", "weir 1\n", "weir 1\npool Web\n", "weir 1\npool a-b\n",
                           "weir 1\npool ..\n", "weir 9\npool a\n", "pool a\nweir 1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(PoolRecord::parse(text).has_value());
  }
  const auto parsed =
      PoolRecord::parse("weir 1\npool a\nenabled cpu\nenabled nosuch -x\nenabled \n");
  REQUIRE(parsed.has_value());
  CHECK(parsed->enabled == std::vector<std::string>{"cpu"});
}

TEST_CASE("a runtime's container remembers its id and bundle") {
  ContainerRecord record{.name = ContainerName::of_leaf("libpod-0123.scope")};
  record.runtime = {"0123", "/run/containers/x y"};
  record.lent = true;
  const auto again = ContainerRecord::parse(record.str());
  REQUIRE(again);
  CHECK(again->name.str() == "libpod-0123");
  CHECK(again->runtime.id == "0123");
  CHECK(again->runtime.bundle == "/run/containers/x y");
  CHECK(again->lent);
  CHECK(again->str() == record.str());
  CHECK_FALSE(ContainerRecord::parse("weir 1\nname a\nruntime_id a/b\n"));
  CHECK_FALSE(ContainerRecord::parse("weir 1\nname a\nbundle relative\n"));
}
