// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/model/record.h"

#include "record_text.h"

namespace weir {
namespace {

/// More than any host can hold, and far from where sums of it would overflow.
constexpr std::int64_t most = std::int64_t{1} << 60;

bool take_number(std::string_view text, std::int64_t& out) {
  const auto number = to_number<std::int64_t>(text);
  if (!number || *number < 0 || *number > most) return false;
  out = *number;
  return true;
}

bool take_generation(std::string_view text, std::uint64_t& out) {
  const auto number = to_number<std::uint64_t>(text);
  out = number.value_or(0);
  return number.has_value();
}

bool take_field(PoolBooks& books, std::string_view key, std::string_view text) {
  if (key == "generation") return take_generation(text, books.generation);
  if (key == "leaves") return take_number(text, books.leaves);
  if (key == "containers") return take_number(text, books.containers);
  if (key == "cpu_requests") return take_number(text, books.cpu_requests.value);
  if (key == "cpu_limits") return take_number(text, books.cpu_limits.value);
  if (key == "memory_requests") return take_number(text, books.memory_requests.value);
  if (key == "memory_limits") return take_number(text, books.memory_limits.value);
  if (key == "memory_covered") return take_number(text, books.memory_covered.value);
  return true;  // a later version's key
}

void change(PoolBooks& books, const ContainerRecord& record, std::int64_t sign) {
  const auto by = [sign](auto& sum, auto amount) {
    sum.value = std::clamp<std::int64_t>(sum.value + sign * amount.value, 0, most);
  };
  if (!record.remains) books.containers = std::max<std::int64_t>(0, books.containers + sign);
  if (record.lent) return;  // another container has it
  by(books.cpu_requests, record.cpu_reserved());
  by(books.cpu_limits, record.cpu_limit.value_or(record.cpu_reserved()));
  by(books.memory_requests, record.memory_reserved());
  by(books.memory_limits, record.memory_limit.value_or(record.memory_reserved()));
  by(books.memory_covered, std::min(record.covered, record.memory_reserved()));
}

}  // namespace

void PoolBooks::add(const ContainerRecord& record) { change(*this, record, 1); }

void PoolBooks::subtract(const ContainerRecord& record) { change(*this, record, -1); }

bool PoolBooks::same_sums(const PoolBooks& other) const {
  auto mine = *this;
  mine.generation = other.generation;
  mine.leaves = other.leaves;
  return mine == other;
}

std::string PoolBooks::words() const {
  return fmt::format("{} containers, {} cores of {}, {} of {}", containers, to_text(cpu_requests),
                     to_text(cpu_limits), to_text(memory_requests), to_text(memory_limits));
}

Result<PoolBooks> PoolBooks::parse(std::string_view text) {
  PoolBooks books;
  WEIR_CHECK(record_text::each_line(text, [&](std::string_view key, std::string_view value) {
    return take_field(books, key, value);
  }));
  return books;
}

std::string PoolBooks::str() const {
  return fmt::format(
      "{}\ngeneration {}\nleaves {}\ncontainers {}\ncpu_requests {}\ncpu_limits {}\n"
      "memory_requests {}\nmemory_limits {}\nmemory_covered {}\n",
      record_text::version_line, generation, leaves, containers, cpu_requests.value,
      cpu_limits.value, memory_requests.value, memory_limits.value, memory_covered.value);
}

}  // namespace weir
