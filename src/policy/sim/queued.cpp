// SPDX-License-Identifier: Apache-2.0
// Policies that look at many waiting jobs before they admit one: backfill, drf and throughput,
// through the same next_in() that the runtime asks.
#include <algorithm>
#include <deque>

#include "weir/policy/drf.h"
#include "weir/policy/queue.h"

#include "sim/discipline.h"

namespace weir::sim {
namespace {

struct Waiting {
  JobIndex job;
  double since;
};

Ticket ticket_for(const Shop& shop, const Waiting& waiting) {
  return {
      shop.need(waiting.job),    shop.now() - waiting.since, shop.job(waiting.job).priority, 1, 0,
      shop.run_time(waiting.job)};
}

/// One queue, of which the first hundred are looked at: a scheduler that looks at a thousand jobs
/// to start one helps nobody.
class OneQueue : public Discipline {
 public:
  OneQueue(const Shop& shop, QueueOrder order, Backfill backfill)
      : Discipline(shop), order_(order), backfill_(backfill) {}

  void arrive(JobIndex job) override { waiting_.push_back({job, shop_.now()}); }

  void leave(JobIndex job) override {
    running_.erase(std::ranges::find(running_, job));
    shop_.release(job, true);
  }

  void dispatch() override {
    if (waiting_.empty()) return;
    const auto room = shop_.room();
    if (room[Resource::cpu] == 0) return;
    std::vector<Ticket> tickets;
    for (std::size_t k = 0; k < std::min(depth, waiting_.size()); ++k)
      tickets.push_back(ticket_for(shop_, waiting_[k]));
    auto chosen = next_in(tickets, ends(), room, order_, backfill_);
    for (auto k : chosen) {
      running_.push_back(waiting_[k].job);
      shop_.run_reserved(waiting_[k].job);
    }
    std::ranges::sort(chosen, std::greater<>{});
    for (auto k : chosen) waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(k));
  }

 private:
  static constexpr std::size_t depth = 100;

  [[nodiscard]] std::vector<FifoRunning> ends() const {
    std::vector<FifoRunning> ends;
    if (backfill_ == Backfill::no) return ends;
    for (auto job : running_)
      ends.push_back({cpu_memory(shop_.cpu_of(job), shop_.job(job).memory), shop_.time_left(job)});
    return ends;
  }

  QueueOrder order_;
  Backfill backfill_;
  std::deque<Waiting> waiting_;
  std::vector<JobIndex> running_;
};

/// A queue for each owner; whose dominant share is least brings its oldest job next.
class OwnerQueues : public Discipline {
 public:
  explicit OwnerQueues(const Shop& shop) : Discipline(shop), held_(shop.owners()) {}

  void arrive(JobIndex job) override {
    queues_[shop_.job(job).owner].push_back({job, shop_.now()});
  }

  void leave(JobIndex job) override {
    held_[shop_.job(job).owner] -= size_of(job);
    shop_.release(job, true);
  }

  void dispatch() override {
    while (!queues_.empty()) {
      const auto room = shop_.room();
      if (room[Resource::cpu] == 0) return;
      const auto chosen = next_in(oldest(), {}, room, QueueOrder::drf, Backfill::no);
      if (chosen.empty()) return;
      // Only the first: the admission changes whose share is least.
      const auto at = std::next(queues_.begin(), static_cast<std::ptrdiff_t>(chosen.front()));
      const auto job = at->second.front().job;
      at->second.pop_front();
      if (at->second.empty()) queues_.erase(at);
      held_[shop_.job(job).owner] += size_of(job);
      shop_.run_reserved(job);
    }
  }

 private:
  [[nodiscard]] Resources size_of(JobIndex job) const {
    return cpu_memory(shop_.cpu_of(job), shop_.job(job).memory);
  }

  [[nodiscard]] std::vector<Ticket> oldest() const {
    std::vector<Ticket> tickets;
    for (const auto& [owner, queue] : queues_) {
      tickets.push_back(ticket_for(shop_, queue.front()));
      tickets.back().owner_share = dominant_share(held_[owner], shop_.capacity());
    }
    return tickets;
  }

  std::map<std::uint32_t, std::deque<Waiting>> queues_;  // none empty
  std::vector<Resources> held_;                          // by owner
};

}  // namespace

std::unique_ptr<Discipline> make_queued(const Shop& shop, SimPolicy policy) {
  switch (policy) {
    case SimPolicy::drf:
      return std::make_unique<OwnerQueues>(shop);
    case SimPolicy::throughput:
      return std::make_unique<OneQueue>(shop, QueueOrder::value, Backfill::no);
    default:
      return std::make_unique<OneQueue>(shop, QueueOrder::fifo, Backfill::yes);
  }
}

}  // namespace weir::sim
