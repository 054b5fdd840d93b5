// SPDX-License-Identifier: Apache-2.0
#include "weir/model/ticket.h"

#include <doctest/doctest.h>

using namespace weir;

namespace {

QueueTicket ticket() {
  ContainerRecord record{.name = *ContainerName::parse("build7")};
  record.priority = -3;
  return {17, *PoolName::parse("ci"), record, 4711, 1'000'000, 0, false};
}

}  // namespace

TEST_CASE("a ticket comes back as it was, and is as long whatever happens to it") {
  auto one = ticket();
  const auto text = one.str();
  const auto back = QueueTicket::parse(text);
  REQUIRE_MESSAGE(back.has_value(), text);
  CHECK(back->str() == text);
  CHECK(back->number == 17);
  CHECK(back->record.priority == -3);
  CHECK(back->name() == "0000000017");
  one.called_us = 9'223'372'036'854'775'807;
  one.late = true;
  CHECK(one.str().size() == text.size());
  CHECK(QueueTicket::parse(one.str())->called_us == one.called_us);
  CHECK(QueueTicket::parse(one.str())->late);
}

TEST_CASE("a hostile ticket is refused") {
  const auto good = ticket().str();
  for (const auto& [part, other] : {std::pair{"number 17", "number -1"},
                                    {"pool ci", "pool ../x"},
                                    {"pid 4711", "pid 0"},
                                    {"late 0", "late 7"},
                                    {"arrived_us 0", "arrived_us -"},
                                    {"record\n", "recrod\n"},
                                    {"name build7", "name memory.max"}}) {
    auto bad = good;
    bad.replace(bad.find(part), std::string_view{part}.size(), other);
    CAPTURE(bad);
    CHECK_FALSE(QueueTicket::parse(bad).has_value());
  }
  CHECK_FALSE(QueueTicket::parse("").has_value());
  CHECK_FALSE(QueueTicket::parse(std::string(100'000, 'r')).has_value());
}
