// SPDX-License-Identifier: Apache-2.0
// Bookings: admissions whose cgroup somebody else is about to make.
#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/processes.h"
#include "weir/runtime/books.h"

namespace weir {
namespace {

/// A folder "bookings" was what an older weir had.
const std::string file_name = "booked";
/// So many slots stay in the file, filled or not.
constexpr std::size_t usual_slots = 8;

bool is_alive(const Booking& booking) {
  const auto holder = read_process_stat(booking.holder_pid);
  return holder && holder->start_time == booking.holder_start && !holder->is_zombie();
}

}  // namespace

Result<const NoteSlots*> Books::notes() {
  if (!notes_) {
    WEIR_TRY(auto slots, run_dir_.slots(file_name));
    notes_.emplace(std::move(slots));
  }
  return &*notes_;
}

std::optional<std::size_t> Books::find_booked(const Booking& booking) const {
  for (std::size_t i = 0; i < booked_->size(); ++i)
    if ((*booked_)[i].booking.record.name == booking.record.name) return i;
  return std::nullopt;
}

std::size_t Books::free_slot() const {
  std::vector<bool> taken(booked_->size() + 1);
  for (const auto& one : *booked_)
    if (one.slot < taken.size()) taken[one.slot] = true;
  return static_cast<std::size_t>(std::ranges::find(taken, false) - taken.begin());
}

/// The last of many takes the empty ones before it with it.
Status Books::drop_note(std::size_t slot) {
  WEIR_TRY(const auto* slots, notes());
  std::size_t end = usual_slots;
  for (const auto& one : *booked_) end = std::max(end, one.slot + 1);
  return slot < end ? slots->clear(slot) : slots->cut(end);
}

Status Books::know_bookings() {
  if (booked_) return {};
  WEIR_TRY(const auto* slots, notes());
  WEIR_TRY(const auto all, slots->read());
  booked_.emplace();
  std::vector<std::size_t> over;
  for (const auto& note : all) {
    auto booking = Booking::parse(note.text);
    const bool counts = booking && !find_booked(*booking) && tree_.find(booking->pool.str());
    const bool there = counts && io_.exists(booking->path);
    const bool settled =
        there && io_.attribute(booking->path, attribute::container).value_or(std::nullopt);
    if (settled) {
      // Whoever settled it was killed before the note was gone: do the sums have it?
      WEIR_CHECK(recount(*tree_.find(booking->pool.str()), true));
    } else if (there || (counts && is_alive(*booking) && booking->expires_us > wall_us())) {
      booked_->push_back({std::move(*booking), note.slot});
      continue;
    }
    over.push_back(note.slot);
  }
  for (const auto slot : over) WEIR_CHECK(drop_note(slot));
  return {};
}

Result<std::vector<Booking>> Books::bookings() {
  WEIR_CHECK(know_bookings());
  std::vector<Booking> out;
  for (const auto& [booking, slot] : *booked_) out.push_back(booking);
  return out;
}

Result<Verdict> Books::book(Booking booking) {
  WEIR_TRY(const auto pool, [&]() -> Result<std::size_t> {
    if (const auto found = tree_.find(booking.pool.str())) return *found;
    return fail(Errc::not_found, fmt::format("no pool '{}'", booking.pool.str()));
  }());
  WEIR_TRY(auto verdict, ask(pool, booking.record));
  if (verdict.refused) return tl::unexpected(std::move(*verdict.refused));
  if (booking.expires_us == 0) booking.expires_us = wall_us() + booking_life_us;
  WEIR_TRY(const auto* slots, notes());
  const auto known = find_booked(booking);
  const auto slot = known ? (*booked_)[*known].slot : free_slot();
  WEIR_CHECK(slots->write(slot, booking.str()));
  if (known)
    (*booked_)[*known].booking = std::move(booking);
  else
    booked_->push_back({std::move(booking), slot});
  return verdict;
}

Status Books::settle(const Booking& booking) {
  const auto pool = tree_.find(booking.pool.str());
  if (!pool) return fail(Errc::not_found, fmt::format("no pool '{}'", booking.pool.str()));
  WEIR_CHECK(enter(*pool, booking.path, booking.record));
  return cancel(booking);
}

Status Books::cancel(const Booking& booking) {
  WEIR_CHECK(know_bookings());
  const auto known = find_booked(booking);
  if (!known) return {};
  const auto slot = (*booked_)[*known].slot;
  booked_->erase(booked_->begin() + static_cast<std::ptrdiff_t>(*known));
  return drop_note(slot);
}

}  // namespace weir
