// SPDX-License-Identifier: Apache-2.0
// The books: what every pool has admitted, and who may still come in (docs/allocator.md 10).
//
// Each pool that holds containers carries the sums of their requests in an attribute of its slice,
// so that a decision reads one attribute a pool and no container. The sums may be too high (whoever
// should have given something back was killed), never too low: they are written before a container
// is made and after it is removed. So they are counted anew before anyone is refused, and whenever
// the number of cgroups in the pool is not the one they were written for.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weir/cgroup/io.h"
#include "weir/cgroup/run_dir.h"
#include "weir/model/booking.h"
#include "weir/model/pool.h"
#include "weir/model/record.h"
#include "weir/policy/admission.h"

namespace weir {

/// What came of a question to the books.
struct Verdict {
  std::vector<Loan> loans;       ///< what it borrows, from the pool upwards, when it may come in
  std::optional<Error> refused;  ///< Errc::no_capacity: what is missing where, and who holds it
  bool for_ever = false;         ///< refused, and an empty host would refuse it too
};

/// Needs no more than the pools and the door to their cgroups, so that a hook can ask as well.
/// Whoever makes one holds the lock of the books for as long as it lives.
class Books {
 public:
  Books(CgroupIo& io, const PoolTree& tree, const RunDir& run_dir)
      : io_(io), tree_(tree), run_dir_(run_dir), pools_(tree.pools.size()) {}

  /// Whether `record` may come into `pool` now. Before it is refused, containers that ended
  /// unwatched are removed and the sums counted anew.
  Result<Verdict> ask(std::size_t pool, const ContainerRecord& record);

  /// A container on its way to another pool, and what will stay charged to the one it leaves.
  struct Transfer {
    std::size_t from = 0, to = 0;
    const ContainerRecord& record;
    Bytes left;
    bool is_expected = false;  ///< its new cgroup is there and has its record, marked as remains
  };
  /// The same for a container that comes from another pool: what it has booked there is free for
  /// it, but for what will stay behind. That may exceed what it has booked only by what the pool it
  /// leaves has room for.
  Result<Verdict> ask_to_move(const Transfer& transfer);

  /// As ask(), and the sums have it when this returns: the next step is to make its cgroup. Where
  /// that fails, unbook(); where this process is killed, the next one counts anew. A refusal is an
  /// error here.
  Result<Verdict> admit(std::size_t pool, const ContainerRecord& record);

  /// Takes back an admit() whose cgroup was not made.
  Status unbook(std::size_t pool, const ContainerRecord& record);

  /// Removes an empty container's cgroup, and what is below it, and gives back what it held. EBUSY
  /// where somebody lives in it. Succeeds where it is gone already.
  Status remove(const CgroupPath& path);

  /// A cgroup that is there already becomes a container of `pool`: its record is written and the
  /// sums have it, whether or not it fits (it runs; the kernel holds it to its limits).
  Status enter(std::size_t pool, const CgroupPath& path, const ContainerRecord& record);

  /// Asks for a container that somebody else will make at `booking.path`, and leaves a note in the
  /// run directory. The note stands for it until settle(), cancel(), or its time is over.
  Result<Verdict> book(Booking booking);
  /// The booked cgroup is there: gives it its record, enters it in the sums and drops the note.
  Status settle(const Booking& booking);
  Status cancel(const Booking& booking);
  /// The notes that still count, of every pool; the others are removed.
  Result<std::vector<Booking>> bookings();

  /// What a pool's sums say, and what its containers add up to. Writes what is so where `write`.
  struct Recount {
    PoolBooks before, now;
  };
  Result<Recount> recount(std::size_t pool, bool write);

  /// The most that a new container in `pool` may request.
  Result<Resources> room(std::size_t pool);
  /// How many more containers `pool` may have.
  Result<std::size_t> places(std::size_t pool);
  /// Removes containers that ended unwatched and counts anew, once in the life of this object.
  /// Whether there is more room now than the sums said.
  Result<bool> refresh();

 private:
  struct Entry {
    PoolBooks sums;
    bool known = false;    ///< read, and of the right number of cgroups
    bool counted = false;  ///< container by container, while this object lives
  };

  Result<Entry*> know(std::size_t pool);
  Status know_all();
  Result<PoolBooks> count(std::size_t pool, bool reclaim);
  /// What the container left in pools it was moved out of counts beside what it has booked, so it
  /// goes first.
  Status remove_with_remains(const CgroupPath& path, const ContainerRecord& record);
  Status write(std::size_t pool, PoolBooks sums);
  Status know_bookings();
  /// The bookings' notes; opened once.
  Result<const NoteSlots*> notes();
  /// A booking and where its note is.
  struct Booked {
    Booking booking;
    std::size_t slot = 0;
  };
  /// Of the booking with this container's name; absent: there is none.
  [[nodiscard]] std::optional<std::size_t> find_booked(const Booking& booking) const;
  [[nodiscard]] std::size_t free_slot() const;
  Status drop_note(std::size_t slot);
  struct Decision {
    Admission admission;
    bool too_many = false;
  };
  [[nodiscard]] Decision decide(std::size_t pool, const ContainerRecord& record) const;
  [[nodiscard]] std::optional<Error> stays_too_much(const Transfer& transfer) const;
  /// Bookings included.
  [[nodiscard]] std::vector<PoolBooks> sums() const;
  Error explain(std::size_t pool, const ContainerRecord& record, const Refusal& refusal);
  std::vector<std::pair<std::string, std::int64_t>> holders(const Refusal& refusal);

  CgroupIo& io_;
  const PoolTree& tree_;
  const RunDir& run_dir_;
  std::vector<Entry> pools_;
  std::optional<NoteSlots> notes_;
  std::optional<std::vector<Booked>> booked_;  // absent: not read yet
  /// Taken for gone or for there, while a move is asked for.
  std::vector<std::pair<std::size_t, ContainerRecord>> gone_, there_;
};

}  // namespace weir
