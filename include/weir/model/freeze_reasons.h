// SPDX-License-Identifier: Apache-2.0
// Why a container stands still: cgroup.freeze is one bit, and more than one may have set it.
#pragma once

#include <string>
#include <string_view>

namespace weir {

enum class FreezeReason : unsigned {
  turn = 1,        ///< another member of a round-robin pool has its turn
  preemption = 2,  ///< made room for a container of a higher priority
  outside = 4,     ///< stood still already, by somebody else's hand
};

/// A set of reasons, as it lies in the attribute `frozen` of a container's cgroup.
class FreezeReasons {
 public:
  /// Words that are no reason are ignored, as is all of a text too long to be one of weir's.
  static FreezeReasons parse(std::string_view text);
  [[nodiscard]] std::string str() const;

  [[nodiscard]] bool has(FreezeReason reason) const { return (bits_ & bit(reason)) != 0; }
  [[nodiscard]] bool empty() const { return bits_ == 0; }
  void add(FreezeReason reason) { bits_ |= bit(reason); }
  void drop(FreezeReason reason) { bits_ &= ~bit(reason); }
  auto operator<=>(const FreezeReasons&) const = default;

 private:
  static unsigned bit(FreezeReason reason) { return static_cast<unsigned>(reason); }
  unsigned bits_ = 0;
};

namespace attribute {
inline constexpr std::string_view frozen = "frozen";
}  // namespace attribute

}  // namespace weir
