// SPDX-License-Identifier: Apache-2.0
// Round robin: the rotation of weir/policy/rotation.h on simulated time.
#include <cmath>
#include <deque>

#include "weir/policy/rotation.h"

#include "sim/discipline.h"

namespace weir::sim {
namespace {

class Rotating : public Discipline {
 public:
  explicit Rotating(const Shop& shop) : Discipline(shop), rotation_(shop.most_cpu()) {}

  void arrive(JobIndex job) override { outside_.push_back(job); }

  void leave(JobIndex job) override {
    rotation_.leave(job);
    shop_.release(job, false);
  }

  void dispatch() override {
    while (!outside_.empty()) {
      const auto job = outside_.front();
      const auto memory = shop_.job(job).memory;
      if (memory > 0 && memory > shop_.room()[Resource::memory]) break;
      outside_.pop_front();
      shop_.take_memory(job);
      rotation_.arrive(job, shop_.cpu_of(job));
    }
    if (rotation_.running().empty()) turn_began_ = shop_.now();
    for (auto job : rotation_.fill()) shop_.run_sharing(static_cast<JobIndex>(job), 0);
  }

  // A turn that nobody waits for goes on in whole slices.
  [[nodiscard]] std::optional<double> next_tick() const override {
    if (!rotation_.anyone_waits()) return {};
    const double slice = shop_.pool().slice;
    const double gone = (shop_.now() - turn_began_) / slice;
    const double whole = std::max(1.0, std::ceil(gone - 1e-9));
    return std::max(shop_.now(), turn_began_ + whole * slice);
  }

  void tick() override {
    for (auto job : rotation_.running()) shop_.freeze(static_cast<JobIndex>(job), false);
    rotation_.end_turn();
    turn_began_ = shop_.now();
    for (auto job : rotation_.fill()) shop_.run_sharing(static_cast<JobIndex>(job), 0);
  }

 private:
  Rotation rotation_;
  std::deque<JobIndex> outside_;  // wait for memory
  double turn_began_ = 0;
};

}  // namespace

std::unique_ptr<Discipline> make_rotating(const Shop& shop) {
  return std::make_unique<Rotating>(shop);
}

}  // namespace weir::sim
