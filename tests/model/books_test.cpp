// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <string>

#include "weir/model/booking.h"

using namespace weir;

namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

ContainerRecord record_of(std::int64_t cores, std::int64_t bytes) {
  ContainerRecord record{.name = *ContainerName::parse("build7")};
  record.cpu_request = whole_cores(cores);
  record.memory_request = Bytes{bytes};
  return record;
}

}  // namespace

TEST_CASE("a pool's sums follow what comes and goes, and come back as they were written") {
  PoolBooks books;
  auto limited = record_of(1, gib);
  limited.cpu_limit = whole_cores(3);
  books.add(limited);
  books.add(record_of(2, 2 * gib));
  CHECK(books.containers == 2);
  CHECK(books.cpu_requests == whole_cores(3));
  CHECK(books.cpu_limits == whole_cores(5));  // the request where there is no limit
  CHECK(books.memory_requests == Bytes{3 * gib});
  CHECK(books.memory_limits == Bytes{3 * gib});
  const auto back = PoolBooks::parse(books.str());
  REQUIRE(back.has_value());
  CHECK(*back == books);
  books.subtract(limited);
  CHECK(books.cpu_limits == whole_cores(2));
  CHECK_FALSE(books.same_sums(*back));
  books.add(limited);
  books.generation = 77;
  books.leaves = 5;
  CHECK(books.same_sums(*back));
}

TEST_CASE(
    "what a moved container left counts in its former pool, and is known to be booked twice") {
  PoolBooks books;
  const auto left = record_of(1, gib).leaving(Bytes{3 * gib});
  books.add(left);
  CHECK(books.containers == 0);
  CHECK(books.cpu_requests == Cores{});
  CHECK(books.memory_requests == Bytes{3 * gib});
  CHECK(books.memory_covered == Bytes{gib});
  CHECK(*PoolBooks::parse(books.str()) == books);
  books.subtract(left);
  CHECK(books.same_sums(PoolBooks{}));
}

TEST_CASE("sums never go below nothing") {
  PoolBooks books;
  books.subtract(record_of(1, gib));
  CHECK(books.same_sums(PoolBooks{}));
}

TEST_CASE("hostile sums are refused") {
  for (const std::string text :
       {"", "weir 2\n", "weir 1\ncpu_requests -1\n", "weir 1\nleaves x\n",
        "weir 1\nmemory_limits 9223372036854775807\n", "weir 1\ncontainers 1 \n"}) {
    CAPTURE(text);
    CHECK_FALSE(PoolBooks::parse(text).has_value());
  }
  CHECK_FALSE(PoolBooks::parse("weir 1\n" + std::string(5000, 'x')).has_value());
}

TEST_CASE("a booking comes back as it was, and a damaged one does not") {
  const Booking booking{*PoolName::parse("ci"),
                        *CgroupPath::parse("weir.slice/weir-ci.slice/build7.scope"),
                        record_of(1, gib),
                        4711,
                        123'456,
                        1'795'458'185'000'000};
  const auto text = booking.str();
  const auto back = Booking::parse(text);
  REQUIRE_MESSAGE(back.has_value(), text);
  CHECK(back->str() == text);
  CHECK(back->record == booking.record);
  for (std::size_t length = 0; length + 1 < text.find("priority"); ++length) {
    const auto cut = Booking::parse(text.substr(0, length));
    CHECK((!cut || cut->record.memory_request != booking.record.memory_request ||
           cut->path == booking.path));
  }
  for (const std::string part : {"pid 4711", "start 123456", "path weir", "name build7"}) {
    auto damaged = text;
    damaged.replace(damaged.find(part), part.size(), part.substr(0, part.find(' ')) + " -/../");
    CAPTURE(damaged);
    CHECK_FALSE(Booking::parse(damaged).has_value());
  }
}
