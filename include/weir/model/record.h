// SPDX-License-Identifier: Apache-2.0
// What weir remembers of a pool or container: text in an extended attribute of its cgroup
// directory, which dies with it. Read back as hostile input: bounded, typed, unknown keys ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/units.h"
#include "weir/model/config.h"
#include "weir/model/host.h"
#include "weir/model/names.h"

namespace weir {

/// Names of the attributes behind "trusted.weir." or "user.weir.".
namespace attribute {
inline constexpr std::string_view pool = "pool";
inline constexpr std::string_view container = "container";
inline constexpr std::string_view books = "books";
}  // namespace attribute

/// Marks a slice as weir's own. The top slice's name is its stem ("weir").
struct PoolRecord {
  PoolName name;
  /// Top slice only: controllers weir switched on above it, for teardown to switch off again.
  std::vector<std::string> enabled{};
  /// Top slice only: who made the tree.
  Backend backend = Backend::cgroupfs;
  static Result<PoolRecord> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  auto operator<=>(const PoolRecord&) const = default;
};

inline constexpr std::size_t most_left_behind = 32;

/// Memory that stayed charged to a pool when the container was moved out of it.
struct LeftBehind {
  Bytes bytes;
  PoolName pool;
  auto operator<=>(const LeftBehind&) const = default;
};

/// By what an OCI runtime knows its container.
struct RuntimeIdentity {
  std::string id;      ///< may be empty: not known
  std::string bundle;  ///< absolute path; may be empty: not known
  [[nodiscard]] bool known() const { return !id.empty() || !bundle.empty(); }
  bool operator==(const RuntimeIdentity&) const = default;
};

struct ContainerRecord {
  ContainerName name;
  std::optional<Cores> cpu_request{}, cpu_limit{};
  std::optional<Bytes> memory_request{}, memory_limit{}, swap_limit{};
  std::int64_t priority = 0;
  std::optional<double> value{};
  std::optional<std::chrono::milliseconds> work{};
  OomScope oom = OomScope::group;
  std::int64_t since_us = 0;  ///< admission, microseconds since the epoch
  std::uint32_t owner_uid = 0;
  /// Its processes are being moved in and the cgroup is frozen meanwhile. Seen by anyone who holds
  /// the books, it means that whoever did so was killed.
  bool arriving = false;
  /// This cgroup is not where the container is: it holds what a move left behind, or a move is
  /// about to fill it. Its memory_request is what it still holds.
  bool remains = false;
  /// Of what remains hold: the part that the container has reserved where it is now. The host has
  /// it once.
  Bytes covered{};
  std::vector<LeftBehind> left_behind{};  ///< by former moves; at most most_left_behind
  RuntimeIdentity runtime{};              ///< of a container that a runtime made
  /// Of a container of `weir run`: what it had booked has gone to a container started inside it.
  bool lent = false;

  /// A runtime makes a cgroup first and fills it later: until a minute is over, an empty one of a
  /// runtime is not the rest of a container that has ended.
  [[nodiscard]] bool is_settling(std::int64_t now_us) const;
  /// What it reserves: its request, else its limit, else nothing.
  [[nodiscard]] Cores cpu_reserved() const;
  [[nodiscard]] Bytes memory_reserved() const;
  /// What all former pools still hold of it.
  [[nodiscard]] Bytes total_left_behind() const;
  /// What its cgroup may hold: its limit without what is still charged elsewhere.
  [[nodiscard]] std::optional<Bytes> memory_allowed() const;
  /// The record of the cgroup that it leaves for another pool, holding so much.
  [[nodiscard]] ContainerRecord leaving(Bytes left) const;

  static Result<ContainerRecord> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  bool operator==(const ContainerRecord&) const = default;
};

/// The sums of what a pool has admitted, kept on its slice so that nobody needs to read every
/// container for them.
struct PoolBooks {
  std::uint64_t generation = 0;  ///< how often they were written
  std::int64_t leaves = 0;       ///< child cgroups the pool had, or was to have, at that time
  std::int64_t containers = 0;   ///< those of them that are containers
  Cores cpu_requests, cpu_limits;
  Bytes memory_requests, memory_limits;
  Bytes memory_covered;  ///< the part of both that other pools have booked too

  /// One container more; a limit counts as its request where it has none.
  void add(const ContainerRecord& record);
  void subtract(const ContainerRecord& record);
  /// The same amounts, whenever they were written.
  [[nodiscard]] bool same_sums(const PoolBooks& other) const;
  /// The amounts on one line, for people.
  [[nodiscard]] std::string words() const;

  static Result<PoolBooks> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  bool operator==(const PoolBooks&) const = default;
};

}  // namespace weir
