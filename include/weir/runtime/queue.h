// SPDX-License-Identifier: Apache-2.0
// Who waits for room in a pool, and whose turn it is (docs/allocator.md 11).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "weir/cgroup/ticket_folder.h"
#include "weir/model/ticket.h"
#include "weir/policy/desired.h"
#include "weir/runtime/books.h"

namespace weir {

/// The tickets of every pool. Whoever makes one holds the lock of the books for as long as it
/// lives.
class Queue {
 public:
  static Result<Queue> read(CgroupIo& io, Books& books, const PoolTree& tree,
                            const RunDir& run_dir);

  /// Of the living, in order of arrival; of one pool, or all.
  [[nodiscard]] std::vector<QueueTicket> tickets(std::optional<std::size_t> pool = {}) const;

  /// May one that has no ticket come into `pool` now, without taking the place of one that waits?
  Result<Verdict> ask(std::size_t pool, const ContainerRecord& record);

  /// Whether the holder of `number` is the next to come in. It is no longer late.
  Result<bool> is_next(std::uint64_t number);

  /// A ticket at the end of its pool's queue.
  Result<HeldTicket> join(std::size_t pool, const ContainerRecord& record, int pid);

  /// Lets preempted containers go on where there is room again, and tells the next one of every
  /// pool that it is its turn. Whoever took or gave back room does so last.
  Status call_next();

  [[nodiscard]] bool is_empty() const { return tickets_.empty(); }
  /// Whether somebody waits in `pool` who goes before `number`, or before a newcomer (0), of this
  /// priority.
  [[nodiscard]] bool goes_before(std::size_t pool, std::int64_t priority,
                                 std::uint64_t number) const;
  /// Its place in its pool's queue, from 1; 0 where there is no such ticket.
  [[nodiscard]] std::size_t position(std::uint64_t number) const;
  /// The name of the ticket that arrived before it in its pool, or nothing.
  [[nodiscard]] std::string before(std::uint64_t number) const;

  /// Errc::not_found where there is no such ticket.
  Status cancel(std::uint64_t number);

 private:
  Queue(CgroupIo& io, Books& books, const PoolTree& tree, TicketFolder folder)
      : io_(io), books_(books), tree_(tree), folder_(std::move(folder)) {}

  Result<std::vector<std::size_t>> order_among(std::size_t pool, const ContainerRecord* newcomer);
  Result<double> share_of_owner(std::size_t pool, std::uint32_t uid);
  Result<std::vector<std::size_t>> order_of(std::size_t pool, const ContainerRecord* newcomer);
  Status resume(std::size_t pool, std::int64_t newcomer);
  Result<std::optional<std::size_t>> first_of(std::size_t pool);
  Result<std::optional<std::size_t>> first_that_comes(std::size_t pool);
  Status rewrite(QueueTicket& ticket);

  CgroupIo& io_;
  Books& books_;
  const PoolTree& tree_;
  TicketFolder folder_;
  std::vector<QueueTicket> tickets_;
};

/// What a wait needs to know of the one who waits.
struct Waiter {
  std::size_t pool = 0;
  ContainerRecord record;
  /// How long it waits at most: nothing, for ever; absent: not at all.
  std::optional<std::optional<std::chrono::milliseconds>> patience = {};
  /// Readable when the wait is to end, or -1.
  int interrupt = -1;
  /// Whether what made `interrupt` readable ends the wait.
  std::function<bool()> interrupted = [] { return true; };
  /// Told its place and why it waits, when it begins to wait and then every time the place changes,
  /// and 0 when the wait is over; `often` asks for that within a second.
  std::function<void(std::size_t position, const std::string& reason)> tell =
      [](std::size_t, const std::string&) {};
  bool often = false;
  /// Told whom it had frozen or killed to make room.
  std::function<void(const std::vector<Member>&)> preempted = [](const std::vector<Member>&) {};
  /// Anything else that has to be so before it comes in, asked with the books locked.
  std::function<Status()> check = [] { return Status{}; };
};

/// The books, locked, at a moment when the waiter may come in.
struct Turn {
  FileLock lock;
  Books books;
  bool others_wait = false;  ///< for any pool
};

/// Waits until it is this one's turn, for as long as it has patience; the next step is to admit it,
/// then Queue::call_next(). Errc::no_capacity at once where it can never fit, or does not wait; and
/// when its patience is over or its ticket was cancelled.
Result<Turn> wait_for_turn(CgroupIo& io, const PoolTree& tree, const RunDir& run_dir,
                           const Waiter& waiter);

/// Lets those in who can come in now that something was given back. Errors are ignored: whoever
/// waits looks from time to time itself. The books must be locked.
void call_next(CgroupIo& io, const PoolTree& tree, const RunDir& run_dir);

}  // namespace weir
