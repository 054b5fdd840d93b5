// SPDX-License-Identifier: Apache-2.0
// Policies with a fixed rank among jobs, one core slot each: fifo, priority, SRPT. The best rank
// runs; with preemption, worse ranks are frozen to make room, the worst first.
#include <algorithm>
#include <set>

#include "sim/discipline.h"

namespace weir::sim {
namespace {

enum class Rank { arrival, priority, shortest };

class Ranked : public Discipline {
 public:
  Ranked(const Shop& shop, Rank rank, bool preempts)
      : Discipline(shop), rank_(rank), preempts_(preempts) {}

  void arrive(JobIndex job) override { waiting_.insert(key(job, 0)); }

  void leave(JobIndex job) override {
    shop_.release(job, true);
    running_.erase({running_rank_.at(job), job});
    running_rank_.erase(job);
  }

  void dispatch() override {
    if (waiting_.empty()) return;
    auto room = shop_.room();
    while (!waiting_.empty()) {
      const auto best = *waiting_.begin();
      const auto need = shop_.need(best.job);
      if (!need.fits(room) && !(preempts_ && make_room(best, need, room))) return;
      waiting_.erase(waiting_.begin());
      room -= need;
      start(best.job);
    }
  }

 private:
  struct Key {
    double rank;  // the least goes first
    JobIndex job;
    auto operator<=>(const Key&) const = default;
  };

  // A running job's time left shrinks as time passes, all at one pace: counted from the beginning
  // of time it stands still, and the order of running jobs with it.
  [[nodiscard]] Key key(JobIndex job, double since) const {
    switch (rank_) {
      case Rank::arrival:
        return {0, job};
      case Rank::priority:
        return {-static_cast<double>(shop_.job(job).priority), job};
      case Rank::shortest:
        return {since + shop_.time_left(job), job};
    }
    return {0, job};
  }

  void start(JobIndex job) {
    const auto own = key(job, shop_.now());
    running_.insert(own);
    running_rank_[job] = own.rank;
    shop_.run_reserved(job);
  }

  /// Freezes worse ranks until `need` fits, if that is possible; freezing gives back CPU only.
  bool make_room(const Key& best, const Resources& need, Resources& room) {
    const double threshold = best.rank + (rank_ == Rank::shortest ? shop_.now() : 0);
    std::vector<JobIndex> victims;
    auto after = room;
    for (auto at = running_.rbegin(); at != running_.rend() && !need.fits(after); ++at) {
      if (at->rank <= threshold) return false;
      victims.push_back(at->job);
      after[Resource::cpu] += shop_.cpu_of(at->job);
    }
    if (!need.fits(after)) return false;
    for (auto job : victims) {
      running_.erase({running_rank_.at(job), job});
      running_rank_.erase(job);
      shop_.freeze(job, true);
      waiting_.insert(key(job, 0));
    }
    room = after;
    return true;
  }

  Rank rank_;
  bool preempts_;
  std::set<Key> waiting_, running_;
  std::map<JobIndex, double> running_rank_;
};

}  // namespace

std::unique_ptr<Discipline> make_ranked(const Shop& shop, SimPolicy policy) {
  switch (policy) {
    case SimPolicy::priority:
      return std::make_unique<Ranked>(shop, Rank::priority, true);
    case SimPolicy::priority_no_preempt:
      return std::make_unique<Ranked>(shop, Rank::priority, false);
    case SimPolicy::srpt:
      return std::make_unique<Ranked>(shop, Rank::shortest, true);
    default:
      return std::make_unique<Ranked>(shop, Rank::arrival, false);
  }
}

}  // namespace weir::sim
