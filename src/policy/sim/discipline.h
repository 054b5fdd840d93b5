// SPDX-License-Identifier: Apache-2.0
// What a policy does in one pool of the simulation: who is on the CPU, and when that changes.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "weir/policy/admission.h"

#include "sim/cpu.h"

namespace weir::sim {

/// What is known of a job between its arrival and its end.
struct Progress {
  double left = 0;         ///< CPU seconds, as of when it stopped last
  double started = -1;     ///< first
  double stopped_at = -1;  ///< last
  bool holds_memory = false;
  bool on_cpu = false;
};

/// The host as one pool sees it: its jobs, its room, and the CPU. All bookings go through here.
class Shop {
 public:
  Shop(const Trace& trace, const SimHost& host, std::uint32_t pool, Cpu& cpu,
       std::vector<AdmissionPool>& books, std::vector<Progress>& jobs, std::uint64_t& switches);

  [[nodiscard]] double now() const { return cpu_.now(); }
  [[nodiscard]] const Job& job(JobIndex j) const { return trace_.jobs[j]; }
  [[nodiscard]] const Progress& progress(JobIndex j) const { return jobs_[j]; }
  [[nodiscard]] const SimPool& pool() const { return host_.pools[pool_]; }
  [[nodiscard]] std::size_t owners() const { return trace_.owners.size(); }
  [[nodiscard]] const Resources& capacity() const { return host_.capacity; }
  /// CPU the pool can have at most.
  [[nodiscard]] std::int64_t most_cpu() const { return most_cpu_; }
  /// What the job can use: its threads, or all that the pool can have.
  [[nodiscard]] std::int64_t cpu_of(JobIndex j) const;
  /// Seconds it takes alone.
  [[nodiscard]] double run_time(JobIndex j) const;
  /// Seconds it still needs at full speed.
  [[nodiscard]] double time_left(JobIndex j) const;
  /// What must be booked to put it on the CPU with its cores reserved (memory only once).
  [[nodiscard]] Resources need(JobIndex j) const;
  /// What the pool may book in addition.
  [[nodiscard]] Resources room() const;

  /// Books the job's memory.
  void take_memory(JobIndex j);
  /// Puts it on the CPU, with its cores booked, or sharing with `group`.
  void run_reserved(JobIndex j);
  void run_sharing(JobIndex j, std::uint32_t group);
  /// Takes it off, and gives its cores back if they were booked. It keeps its memory.
  void freeze(JobIndex j, bool reserved);
  /// Gives back everything a job that has ended held.
  void release(JobIndex j, bool reserved);
  void set_weight(std::uint32_t group, std::int64_t weight) {
    cpu_.set_weight(pool_, group, weight);
  }

 private:
  void run(JobIndex j, const Kind& kind);
  const Trace& trace_;
  const SimHost& host_;
  std::uint32_t pool_;
  std::int64_t most_cpu_;
  Cpu& cpu_;
  std::vector<AdmissionPool>& books_;
  std::vector<Progress>& jobs_;
  std::uint64_t& switches_;
};

class Discipline {
 public:
  explicit Discipline(Shop shop) : shop_(shop) {}
  Discipline(const Discipline&) = delete;
  Discipline& operator=(const Discipline&) = delete;
  virtual ~Discipline() = default;

  virtual void arrive(JobIndex job) = 0;
  /// The job has ended and is off the CPU already.
  virtual void leave(JobIndex job) = 0;
  /// Starts and stops whom it will.
  virtual void dispatch() = 0;
  /// When it wants tick() to be called, if at all.
  [[nodiscard]] virtual std::optional<double> next_tick() const { return {}; }
  virtual void tick() {}

 protected:
  Shop shop_;  // NOLINT: the door through which every discipline acts
};

std::unique_ptr<Discipline> make_discipline(SimPolicy policy, const Shop& shop);

// One a file.
std::unique_ptr<Discipline> make_sharing(const Shop& shop, bool by_latency);
std::unique_ptr<Discipline> make_ranked(const Shop& shop, SimPolicy policy);
std::unique_ptr<Discipline> make_queued(const Shop& shop, SimPolicy policy);
std::unique_ptr<Discipline> make_rotating(const Shop& shop);

}  // namespace weir::sim
