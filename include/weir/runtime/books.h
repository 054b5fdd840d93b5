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
#include <vector>

#include "weir/cgroup/io.h"
#include "weir/cgroup/run_dir.h"
#include "weir/model/booking.h"
#include "weir/model/pool.h"
#include "weir/model/record.h"
#include "weir/policy/admission.h"

namespace weir {

/// What came of a question to the books.
struct AdmissionOutcome {
  std::vector<Loan> loans;  ///< what it borrows, from the pool upwards
};

/// What one pool has taken and what is left; for pools with child pools, of all below.
struct PoolAccount {
  Resources reserved;  ///< its containers' requests and its child pools' reservations and loans
  Resources free;      ///< the most a newcomer may request
  Resources borrowed;  ///< from above
  std::size_t containers = 0;  ///< admitted in this very pool, bookings included
};

/// Needs no more than the pools and the door to their cgroups, so that a hook can ask as well.
/// Whoever makes one holds the lock of the books for as long as it lives.
class Books {
 public:
  Books(CgroupIo& io, const PoolTree& tree, const RunDir& run_dir)
      : io_(io), tree_(tree), run_dir_(run_dir) {}

  /// Whether `record` may come into `pool` now. Changes nothing but sums that were found wrong.
  /// Errc::no_capacity says which resource, how much is missing, in which pool of the chain, who
  /// holds it, and, in Refused, whether it can never fit.
  Result<AdmissionOutcome> ask(std::size_t pool, const ContainerRecord& record);

  /// The same, and the sums have it when this returns: the next step is to make its cgroup. Where
  /// that fails, unbook(); where this process is killed, the next one counts anew.
  Result<AdmissionOutcome> admit(std::size_t pool, const ContainerRecord& record);

  /// Takes back an admit() whose cgroup was not made.
  Status unbook(std::size_t pool, const ContainerRecord& record);

  /// Removes an empty container's cgroup, and what is below it, and gives back what it held. EBUSY
  /// where somebody lives in it. Succeeds where it is gone already.
  Status remove(const CgroupPath& path);

  /// Asks for a container that somebody else will make at `booking.path`, and notes it in the run
  /// directory. The note stands for it until settle(), cancel(), or its time is over.
  Result<AdmissionOutcome> book(Booking booking);
  /// The booked cgroup is there: gives it its record, enters it in the sums and drops the note.
  Status settle(const Booking& booking);
  Status cancel(const Booking& booking);
  /// The notes that still count, of every pool; those whose time is over are removed.
  Result<std::vector<Booking>> bookings();

  /// A cgroup that is there already becomes a container of `pool`: its record is written and the
  /// sums have it, whether or not it fits (it runs; the kernel holds it to its limits).
  Status enter(std::size_t pool, const CgroupPath& path, const ContainerRecord& record);

  /// Counts a pool's containers and writes the sums. What was there before, and is there now.
  struct Recount {
    std::optional<PoolBooks> before;
    PoolBooks now;
  };
  Result<Recount> recount(std::size_t pool, bool write = true);

  /// Of every pool, in the tree's order. Where the numbers of cgroups do not match, counted anew.
  Result<std::vector<PoolAccount>> accounts();

 private:
  struct Entry {
    PoolBooks sums;
    bool counted = false;  ///< in this very life
  };
  Result<Entry> read_entry(std::size_t pool);
  Status load();
  Status load_bookings();
  [[nodiscard]] std::vector<AdmissionPool> ledger() const;
  [[nodiscard]] AdmissionRules rules() const;
  Status count_anew_all(bool& changed);
  Status write(std::size_t pool);
  void add(std::size_t pool, const ContainerRecord& record, int sign);
  Error refused(std::size_t pool, const ContainerRecord& record, const Refusal& refusal);
  std::optional<Error> over_count(std::size_t pool);

  CgroupIo& io_;
  const PoolTree& tree_;
  const RunDir& run_dir_;
  std::vector<Entry> pools_;  ///< empty until load()
  std::vector<Booking> booked_;
};

}  // namespace weir
