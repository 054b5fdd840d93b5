// SPDX-License-Identifier: Apache-2.0
// A hook's dealings with the books.
#include <algorithm>
#include <fmt/format.h>

#include "weir/cgroup/identity.h"
#include "weir/runtime/books.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/hook.h"

#include "hook_desk.h"
#include "record_io.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds between_tries{100};
/// What is kept of a hook's time for its answer.
constexpr std::chrono::milliseconds for_the_answer{300};

/// Bookings whose cgroup has appeared become containers; the last try of the same container is
/// forgotten.
Status tidy_bookings(CgroupIo& io, Books& books, const Booking& fresh) {
  WEIR_TRY(const auto all, books.bookings());
  for (const auto& booking : all) {
    if (booking.record.name == fresh.record.name && booking.path == fresh.path)
      WEIR_CHECK(books.cancel(booking));
    else if (io.exists(booking.path))
      WEIR_CHECK(books.settle(booking));
  }
  return {};
}

Status check_is_applied(CgroupIo& io, const Pool& pool) {
  WEIR_TRY(const auto record, io.attribute(pool.path, attribute::pool));
  if (record) return {};
  return fail(Errc::failed, fmt::format("pool '{}' is not in the kernel", pool.name().str()),
              "`weir apply` makes it");
}

/// A name that was asked for must be nobody else's; the runtime sees to its own.
Status check_name(CgroupIo& io, const PoolTree& tree, Books& books, const Booking& booking) {
  const auto& name = booking.record.name;
  if (name == ContainerName::of_leaf(booking.path.leaf())) return {};
  const auto taken = [&] {
    return fail(Errc::conflict, fmt::format("container '{}' exists already", name.str()),
                "choose another io.weir.name; `weir ps` shows the containers");
  };
  WEIR_TRY(const auto booked, books.bookings());
  if (std::ranges::any_of(booked, [&](const auto& other) { return other.record.name == name; }))
    return taken();
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    WEIR_TRY(const auto members, read_members(io, tree, i));
    for (const auto& member : members)
      if (member.record.name == name && member.path != booking.path) return taken();
  }
  return {};
}

/// The container of `weir run` in this very pool that the caller is part of, if its booking is
/// still to be had.
struct Lender {
  CgroupPath path;
  ContainerRecord record;
};
std::optional<Lender> find_lender(CgroupIo& io, const Pool& pool,
                                  const std::optional<CgroupPath>& inside) {
  if (!inside || !inside->is_within(pool.path) || *inside == pool.path) return std::nullopt;
  auto leaf = *inside;
  while (leaf.parent() != pool.path) leaf = leaf.parent();
  auto record = read_record(io, leaf).value_or(std::nullopt);
  if (!record || record->lent || record->runtime.known()) return std::nullopt;
  return Lender{std::move(leaf), std::move(*record)};
}

Status book_or_take_over(CgroupIo& io, const PoolTree& tree, Books& books, std::size_t pool,
                         const Booking& booking, const HookAsker& asker) {
  const auto lender = find_lender(io, tree.pools[pool], asker.inside);
  if (!lender) {
    auto booked = books.book(booking);
    return booked ? Status{} : Status{tl::unexpected(std::move(booked).error())};
  }
  auto lent = lender->record;
  lent.lent = true;
  WEIR_CHECK(books.enter(pool, lender->path, lent));
  auto booked = books.book(booking);
  if (booked) return {};
  WEIR_CHECK(books.enter(pool, lender->path, lender->record));
  return tl::unexpected(std::move(booked).error());
}

Status try_to_book(CgroupIo& io, const HookRules& rules, const RunDir& run_dir, std::size_t pool,
                   const Booking& booking, const HookAsker& asker, const Deadline& deadline) {
  auto lock = run_dir.lock_books_within(std::max(deadline.left() - for_the_answer, between_tries));
  if (!lock) return tl::unexpected(own_failure(std::move(lock).error()));
  Books books(io, rules.tree, run_dir);
  if (auto tidy = tidy_bookings(io, books, booking); !tidy)
    return tl::unexpected(own_failure(std::move(tidy).error()));
  WEIR_CHECK(check_is_applied(io, rules.tree.pools[pool]));
  WEIR_CHECK(check_name(io, rules.tree, books, booking));
  return book_or_take_over(io, rules.tree, books, pool, booking, asker);
}

}  // namespace

Error own_failure(Error error) {
  error.code = Errc::failed;
  return error;
}

Status book_container(CgroupIo& io, const HookRules& rules, const RunDir& run_dir,
                      const Placement& placement, const HookAsker& asker, Deadline& deadline) {
  Booking booking{.pool = rules.tree.pools[placement.pool].name(),
                  .path = placement.cgroup,
                  .record = placement.record,
                  .holder_pid = asker.holder.pid,
                  .holder_start = asker.holder.start_time};
  booking.record.since_us = wall_us();
  const Deadline for_room(placement.wait);
  for (;;) {
    auto booked = try_to_book(io, rules, run_dir, placement.pool, booking, asker, deadline);
    if (booked || booked.error().code != Errc::no_capacity || for_room.is_over()) return booked;
    nap(between_tries, for_room);
    deadline = Deadline(hook_patience);
    LastResort::arm(hook_patience);
  }
}

}  // namespace weir
