// SPDX-License-Identifier: Apache-2.0
// Records of pools and containers as anybody with CAP_SYS_ADMIN could have written them: what is
// accepted is within its bounds and comes back the same when it is written again.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "weir/model/booking.h"
#include "weir/model/journal.h"
#include "weir/model/pool_dynamics.h"
#include "weir/model/ticket.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void check_error(const Result<T>& result) {
  require(result.error().message.size() < 1000);
  require(result.error().message.find('\n') == std::string::npos);
}

template <class T>
void check_bound(const std::optional<T>& amount, T most) {
  if (amount) require(*amount >= T{0} && *amount <= most);
}

void check_container(std::string_view text) {
  const auto record = ContainerRecord::parse(text);
  if (!record) return check_error(record);
  check_bound(record->cpu_request, max_cores);
  check_bound(record->cpu_limit, max_cores);
  check_bound(record->memory_request, max_bytes);
  check_bound(record->memory_limit, max_bytes);
  check_bound(record->swap_limit, max_bytes);
  if (record->value) require(std::isfinite(*record->value) && *record->value >= 0);
  const auto again = ContainerRecord::parse(record->str());
  require(again && again->str() == record->str());
}

void check_journal(std::string_view text) {
  const auto entry = JournalEntry::parse(text);
  if (!entry) return check_error(entry);
  const auto again = JournalEntry::parse(entry->str());
  require(again && *again == *entry);
}

void check_pool(std::string_view text) {
  const auto record = PoolRecord::parse(text);
  if (!record) return check_error(record);
  const auto again = PoolRecord::parse(record->str());
  require(again && *again == *record);
}

void check_books(std::string_view text) {
  auto books = PoolBooks::parse(text);
  if (!books) return check_error(books);
  const auto again = PoolBooks::parse(books->str());
  require(again && *again == *books);
  ContainerRecord most{.name = *ContainerName::parse("a")};
  most.cpu_limit = max_cores;
  most.memory_limit = max_bytes;
  books->add(most);
  require(PoolBooks::parse(books->str()).has_value());
}

void check_booking(std::string_view text) {
  const auto booking = Booking::parse(text);
  if (!booking) return check_error(booking);
  const auto again = Booking::parse(booking->str());
  require(again && again->str() == booking->str());
}

void check_dynamics(std::string_view text) {
  const auto note = PoolDynamics::parse(text);
  if (!note) return check_error(note);
  check_bound(note->cpu_demand, max_cores);
  check_bound(note->memory_demand, max_bytes);
  check_bound(note->memory_high, max_bytes);
  const auto again = PoolDynamics::parse(note->str());
  require(again && again->str() == note->str());
}

void check_ticket(std::string_view text) {
  const auto ticket = QueueTicket::parse(text);
  if (!ticket) return check_error(ticket);
  const auto again = QueueTicket::parse(ticket->str());
  require(again && again->str() == ticket->str());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_container(text);
  check_pool(text);
  check_dynamics(text);
  check_journal(text);
  check_books(text);
  check_booking(text);
  check_ticket(text);
  return 0;
}
