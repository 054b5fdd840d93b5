// SPDX-License-Identifier: Apache-2.0
#include "weir/base/result.h"

#include <cerrno>
#include <doctest/doctest.h>
#include <fcntl.h>

#include "weir/base/unique_fd.h"

using namespace weir;

namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(Errc::usage, "odd", "give an even number");
  return value / 2;
}

Result<int> quarter(int value) {
  WEIR_TRY(const auto once, half(value));
  WEIR_TRY(const auto twice, half(once));
  return twice;
}

Status only_even(int value) {
  WEIR_CHECK(half(value));
  return {};
}

}  // namespace

TEST_CASE("errors grow outward and keep the hint nearest to the cause") {
  const auto error =
      Error{Errc::failed, 0, "inner", {}, {}}.with("doing").with_hint("a").with_hint("b");
  CHECK(error.message == "doing: inner");
  CHECK(error.hint == "a");
  CHECK(Error{}.with("doing").message == "doing");
}

TEST_CASE("WEIR_TRY and WEIR_CHECK go on with the value or leave with the error") {
  CHECK(quarter(8) == 2);
  REQUIRE_FALSE(quarter(6));
  CHECK(quarter(6).error().code == Errc::usage);
  CHECK(quarter(6).error().hint == "give an even number");
  CHECK(only_even(2));
  CHECK_FALSE(only_even(3));
}

TEST_CASE("an error of the system carries its number and what was being done") {
  const auto error = os_error(ENOENT, "open /x");
  CHECK(error.sys == ENOENT);
  CHECK(error.message.starts_with("open /x: "));
  CHECK(os_fail(EBUSY, "rmdir").value().sys == EBUSY);
}

TEST_CASE("every code has the name the command line prints") {
  CHECK(code_name(Errc::failed) == "failed");
  CHECK(code_name(Errc::usage) == "usage");
  CHECK(code_name(Errc::config) == "config");
  CHECK(code_name(Errc::unsupported) == "unsupported");
  CHECK(code_name(Errc::no_capacity) == "no-capacity");
  CHECK(code_name(Errc::denied) == "denied");
  CHECK(code_name(Errc::not_found) == "not-found");
  CHECK(code_name(Errc::conflict) == "conflict");
}

TEST_CASE("UniqueFd closes what it owns, once") {
  const auto is_open = [](int fd) { return ::fcntl(fd, F_GETFD) != -1; };
  UniqueFd a{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  REQUIRE(a);
  const int fd = a.get();
  UniqueFd b{std::move(a)};
  CHECK(b.get() == fd);
  CHECK(is_open(fd));
  const int given = b.release();
  CHECK_FALSE(b);
  CHECK(is_open(given));
  UniqueFd{given}.reset();
  CHECK_FALSE(is_open(given));
}
