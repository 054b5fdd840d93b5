// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/rotation.h"

#include <algorithm>

namespace weir {

void Rotation::arrive(Id id, std::int64_t cpu) { queue_.push_back({id, cpu}); }

void Rotation::leave(Id id) {
  const auto is_it = [&](const Member& member) { return member.id == id; };
  if (auto at = std::ranges::find_if(turn_, is_it); at != turn_.end()) {
    used_ -= std::min(at->cpu, capacity_);
    turn_.erase(at);
  } else if (at = std::ranges::find_if(queue_, is_it); at != queue_.end()) {
    queue_.erase(at);
  }
}

std::vector<Rotation::Id> Rotation::fill() {
  std::vector<Id> started;
  while (!queue_.empty()) {
    const auto cpu = std::min(queue_.front().cpu, capacity_);
    if (!turn_.empty() && used_ + cpu > capacity_) break;
    used_ += cpu;
    started.push_back(queue_.front().id);
    turn_.push_back(queue_.front());
    queue_.pop_front();
  }
  return started;
}

void Rotation::end_turn() {
  queue_.insert(queue_.end(), turn_.begin(), turn_.end());
  turn_.clear();
  used_ = 0;
}

std::vector<Rotation::Id> Rotation::running() const {
  std::vector<Id> ids;
  for (const auto& member : turn_) ids.push_back(member.id);
  return ids;
}

RotationTiming rotation_timing(std::size_t sets, double slice, double change) {
  const auto n = static_cast<double>(sets);
  if (sets < 2) return {slice, 1.0, 0.0};  // nobody to change with
  const double period = n * (slice + change);
  return {period, n * slice / period, (n - 1) * slice + n * change};
}

}  // namespace weir
