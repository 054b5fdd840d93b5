// SPDX-License-Identifier: Apache-2.0
// Policies under which whoever fits into memory shares the CPU at once: fair and latency.
#include <deque>

#include "weir/policy/latency.h"

#include "sim/discipline.h"

namespace weir::sim {
namespace {

/// Learns the mean work of each owner's jobs and weighs them by c-mu.
class MeanWork {
 public:
  explicit MeanWork(std::size_t owners) : workers_(owners), count_(owners) {}

  /// True when weights changed enough to be told.
  bool learn(std::uint32_t owner, double cpu_s) {
    auto& mean = workers_[owner].work;
    ++count_[owner];
    const double step = (cpu_s - mean.value_or(0)) / static_cast<double>(count_[owner]);
    mean = mean.value_or(0) + step;
    return count_[owner] < 100 || count_[owner] % 64 == 0;
  }
  [[nodiscard]] std::vector<std::int64_t> weights() const { return c_mu_entitlements(workers_); }

 private:
  std::vector<Worker> workers_;
  std::vector<std::int64_t> count_;
};

class Sharing : public Discipline {
 public:
  Sharing(const Shop& shop, bool by_latency)
      : Discipline(shop), by_latency_(by_latency), mean_(by_latency ? shop.owners() : 0) {}

  void arrive(JobIndex job) override { waiting_.push_back(job); }

  void leave(JobIndex job) override {
    shop_.release(job, false);
    if (!by_latency_) return;
    const auto& ended = shop_.job(job);
    if (!mean_.learn(ended.owner, ended.cpu_s)) return;
    const auto weights = mean_.weights();
    for (std::uint32_t owner = 0; owner < weights.size(); ++owner)
      shop_.set_weight(owner, weights[owner]);
  }

  void dispatch() override {
    while (!waiting_.empty()) {
      const auto job = waiting_.front();
      const auto memory = shop_.job(job).memory;
      if (memory > 0 && memory > shop_.room()[Resource::memory]) return;
      waiting_.pop_front();
      shop_.run_sharing(job, by_latency_ ? shop_.job(job).owner : 0);
    }
  }

 private:
  bool by_latency_;
  MeanWork mean_;
  std::deque<JobIndex> waiting_;  // for memory
};

}  // namespace

std::unique_ptr<Discipline> make_sharing(const Shop& shop, bool by_latency) {
  return std::make_unique<Sharing>(shop, by_latency);
}

}  // namespace weir::sim
