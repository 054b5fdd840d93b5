// SPDX-License-Identifier: Apache-2.0
// From what was used to what is wanted (docs/allocator.md 12). Samples in, demand out; times are
// arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace weir {

/// One interval of one container's CPU.
struct CpuSample {
  std::int64_t usage = 0;    ///< micro-cores: d(usage_usec) / dt
  double some = 0;           ///< part of the interval in which some task waited for CPU, 0 to 1
  std::int64_t threads = 1;  ///< runnable; one thread cannot eat two cores
  std::optional<std::int64_t> cpuset;  ///< CPUs it may run on
  std::optional<std::int64_t> limit;   ///< micro-cores
};

/// CPU it would use if it could, in micro-cores: a little more than it used where nothing waited,
/// at least half as much again where something did.
std::int64_t cpu_demand(const CpuSample& sample);

/// A histogram of sizes whose weights halve every `half_life` seconds, in buckets 5 % apart
/// (Autopilot, EuroSys 2020; the Kubernetes vertical pod autoscaler).
class DecayedHistogram {
 public:
  explicit DecayedHistogram(double half_life) : half_life_(half_life) {}
  /// `time` in seconds, never decreasing; `value` not negative.
  void add(double time, std::int64_t value);
  /// Upper bound of the bucket that holds the `part` (0 to 1) quantile; 0 without samples.
  [[nodiscard]] std::int64_t percentile(double part) const;

 private:
  double half_life_;
  double origin_ = 0;  // of the weights: a sample at `origin_` weighs 1
  double total_ = 0;
  std::vector<double> weight_;
};

/// Memory one container will want: the decayed 98th percentile of memory.current and 15 % more,
/// raised at once when it is short of memory.
class MemoryDemand {
 public:
  struct Sample {
    double time = 0;           ///< seconds
    std::int64_t current = 0;  ///< bytes
    double some = 0;           ///< memory pressure, part of the interval, 0 to 1
    bool hit_limit = false;    ///< memory.events counted a new high or oom
  };
  /// Takes a sample and returns the demand in bytes.
  std::int64_t update(const Sample& sample);

 private:
  static constexpr double half_life = 3 * 3600;
  DecayedHistogram history_{half_life};
};

/// What an owner can lend at once out of `reservation`: not its working set of the last minute,
/// nor what it holds and could not give back by reclaim. Bytes, not negative.
std::int64_t lendable(std::int64_t reservation, std::int64_t working_set, std::int64_t current,
                      std::int64_t reclaimable);

/// Follows rises fast and falls slowly: an exponentially weighted mean with alpha 0.5 up, 0.1 down.
class Smoother {
 public:
  std::int64_t update(std::int64_t value);

 private:
  std::optional<double> mean_;
};

/// Keeps a kernel file from being rewritten for nothing. A rise is followed at once; a fall when
/// the smoothed value has come down to the sample, so that a wave too short for it causes no write
/// and a longer one two a period. A change must exceed the dead-band, the greater of 2 % of the
/// value and 1 % of the capacity, and come `dwell` seconds after the last.
class Damper {
 public:
  Damper(std::int64_t capacity, double dwell) : capacity_(capacity), dwell_(dwell) {}
  /// Takes a sample at `time` (seconds, never decreasing) and returns the value to write, if any.
  std::optional<std::int64_t> update(double time, std::int64_t sample);

 private:
  std::int64_t capacity_;
  double dwell_;
  Smoother mean_;
  double written_at_ = 0;
  std::optional<std::int64_t> written_;
};

inline constexpr double cpu_max_dwell = 5;       ///< seconds
inline constexpr double memory_high_dwell = 10;  ///< seconds
inline constexpr double io_max_dwell = 10;       ///< seconds
inline constexpr double move_dwell = 60;         ///< seconds

}  // namespace weir
