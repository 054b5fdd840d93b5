// SPDX-License-Identifier: Apache-2.0
// Round robin: members take turns, as many at a time as fit by CPU; the others are frozen
// (docs/allocator.md 8).
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace weir {

/// The queue of a round-robin pool. The head always runs; members behind it join the turn in order
/// until one does not fit. One thread.
class Rotation {
 public:
  using Id = std::uint64_t;

  explicit Rotation(std::int64_t capacity) : capacity_(capacity) {}

  /// Joins the queue at its tail. `cpu` above the capacity counts as the capacity.
  void arrive(Id id, std::int64_t cpu);
  /// Leaves, whether running or frozen; unknown ids are ignored.
  void leave(Id id);
  /// Lets members start while they fit, late starters within a turn included. Returns who is new.
  std::vector<Id> fill();
  /// Ends the turn: who ran goes to the tail in the order in which it ran, behind whoever arrived
  /// by now.
  void end_turn();

  [[nodiscard]] std::vector<Id> running() const;
  [[nodiscard]] bool anyone_waits() const { return !queue_.empty(); }
  [[nodiscard]] bool empty() const { return queue_.empty() && turn_.empty(); }

 private:
  struct Member {
    Id id;
    std::int64_t cpu;
  };
  std::int64_t capacity_;
  std::int64_t used_ = 0;
  std::deque<Member> turn_, queue_;
};

/// What a rotation of `sets` turns costs, in the unit of `slice` and `change`; `change` is the time
/// to freeze one set and thaw the next.
struct RotationTiming {
  double period = 0;
  double efficiency = 0;      ///< part of the period in which somebody runs
  double longest_freeze = 0;  ///< how long a member stands still
};
RotationTiming rotation_timing(std::size_t sets, double slice, double change);

}  // namespace weir
