// SPDX-License-Identifier: Apache-2.0
// Bookings: admissions whose cgroup somebody else is about to make.
#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/processes.h"
#include "weir/runtime/books.h"

namespace weir {
namespace {

const std::string folder_name = "bookings";

bool is_alive(const Booking& booking) {
  const auto holder = read_process_stat(booking.holder_pid);
  return holder && holder->start_time == booking.holder_start && !holder->is_zombie();
}

/// A note has the name of its container, which is unique on the host.
const std::string& note_name(const Booking& booking) { return booking.record.name.str(); }

}  // namespace

Result<const NoteFolder*> Books::notes() {
  if (!notes_) {
    WEIR_TRY(auto folder, run_dir_.folder(folder_name));
    notes_.emplace(std::move(folder));
  }
  return &*notes_;
}

Status Books::know_bookings() {
  if (booked_) return {};
  WEIR_TRY(const auto* folder, notes());
  WEIR_TRY(const auto names, folder->names());
  booked_.emplace();
  for (const auto& name : names) {
    const auto text = folder->read(name);
    if (!text && text.error().sys == ENOENT) continue;
    auto booking = text ? Booking::parse(*text) : tl::unexpected(text.error());
    const bool counts = booking && note_name(*booking) == name && tree_.find(booking->pool.str());
    const bool there = counts && io_.exists(booking->path);
    const bool settled =
        there && io_.attribute(booking->path, attribute::container).value_or(std::nullopt);
    if (settled) {
      // Whoever settled it was killed before the note was gone: do the sums have it?
      WEIR_CHECK(recount(*tree_.find(booking->pool.str()), true));
    } else if (there || (counts && is_alive(*booking) && booking->expires_us > wall_us())) {
      booked_->push_back(std::move(*booking));
      continue;
    }
    WEIR_CHECK(folder->remove(name));
  }
  return {};
}

Result<std::vector<Booking>> Books::bookings() {
  WEIR_CHECK(know_bookings());
  return *booked_;
}

Result<Verdict> Books::book(Booking booking) {
  WEIR_TRY(const auto pool, [&]() -> Result<std::size_t> {
    if (const auto found = tree_.find(booking.pool.str())) return *found;
    return fail(Errc::not_found, fmt::format("no pool '{}'", booking.pool.str()));
  }());
  WEIR_TRY(auto verdict, ask(pool, booking.record));
  if (verdict.refused) return tl::unexpected(std::move(*verdict.refused));
  if (booking.expires_us == 0) booking.expires_us = wall_us() + booking_life_us;
  WEIR_TRY(const auto* folder, notes());
  WEIR_CHECK(folder->write(note_name(booking), booking.str()));
  booked_->push_back(std::move(booking));
  return verdict;
}

Status Books::settle(const Booking& booking) {
  const auto pool = tree_.find(booking.pool.str());
  if (!pool) return fail(Errc::not_found, fmt::format("no pool '{}'", booking.pool.str()));
  WEIR_CHECK(enter(*pool, booking.path, booking.record));
  return cancel(booking);
}

Status Books::cancel(const Booking& booking) {
  if (booked_)
    std::erase_if(*booked_,
                  [&](const Booking& one) { return note_name(one) == note_name(booking); });
  WEIR_TRY(const auto* folder, notes());
  return folder->remove(note_name(booking));
}

}  // namespace weir
