// SPDX-License-Identifier: Apache-2.0
// The wait itself: asleep until one's own ticket or the one before it changes.
#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/ticket_watch.h"
#include "weir/runtime/preempt.h"
#include "weir/runtime/queue.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

/// What nobody tells a waiter, the first one of each pool finds out: a container that ended while
/// its `weir run` was dead, a pool that has more now.
constexpr milliseconds first_looks{500};
/// And the others, in case those before them are stopped: each place later than the one before, so
/// that hundreds who wait look hardly more often than a few.
constexpr milliseconds second_looks{3'000}, others_look{5'000}, often_looks{1'000};

/// How long those who were killed to make room may take to end.
constexpr milliseconds dying_takes{30'000};

Error over(std::string message, std::string hint) {
  Error error;
  error.code = Errc::no_capacity;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

class Wait {
 public:
  Wait(CgroupIo& io, const PoolTree& tree, const RunDir& run_dir, const Waiter& waiter)
      : io_(io),
        tree_(tree),
        run_dir_(run_dir),
        waiter_(waiter),
        began_us_(steady_us()),
        patience_(waiter.patience) {}

  Result<Turn> run() {
    WEIR_TRY(auto turn, begin());
    if (turn) return std::move(*turn);
    for (;;) {
      watch_->sleep(nap(), waiter_.interrupt);
      auto looked = look();
      if (looked && !*looked) continue;
      waiter_.tell(0, "");
      if (!looked) return pass(std::move(looked));
      return std::move(**looked);
    }
  }

 private:
  /// Comes in at once, joins the queue, or is refused.
  Result<std::optional<Turn>> begin() {
    WEIR_TRY(auto lock, run_dir_.lock_books());
    WEIR_CHECK(waiter_.check());
    Books books{io_, tree_, run_dir_};
    WEIR_TRY(auto queue, Queue::read(io_, books, tree_, run_dir_));
    WEIR_TRY(auto verdict, queue.ask(waiter_.pool, waiter_.record));
    if (verdict.refused && !verdict.for_ever) {
      WEIR_TRY(const bool struck, strike(queue, books));
      if (struck) {
        WEIR_TRY(verdict, queue.ask(waiter_.pool, waiter_.record));
      }
    }
    if (!verdict.refused) {
      const bool others_wait = !queue.is_empty();
      return std::optional{Turn{std::move(lock), std::move(books), others_wait}};
    }
    if (verdict.for_ever || !patience_) return tl::unexpected(std::move(*verdict.refused));
    reason_ = verdict.refused->message;
    io_.rest();
    WEIR_TRY(watch_, TicketWatch::start());
    WEIR_TRY(folder_, TicketFolder::open(run_dir_));
    WEIR_TRY(held_, queue.join(waiter_.pool, waiter_.record, self().pid));
    number_ = to_number<std::uint64_t>(held_->name()).value_or(0);
    WEIR_CHECK(settle(queue));
    return std::optional<Turn>{};
  }

  Result<std::optional<Turn>> look() {
    if (waiter_.interrupt >= 0 && waiter_.interrupted())
      return tl::unexpected(over("the wait was ended by a signal", ""));
    if (!held_->is_there())
      return tl::unexpected(over(fmt::format("ticket {} was cancelled", number_), ""));
    if (left() <= milliseconds{0})
      return tl::unexpected(
          over(fmt::format("waited {} in vain: {}", to_text(**patience_), reason_),
               "wait longer (--wait=DURATION), or `weir queue` to see who else waits"));
    WEIR_TRY(auto lock, run_dir_.lock_books());
    Books books{io_, tree_, run_dir_};
    WEIR_TRY(auto queue, Queue::read(io_, books, tree_, run_dir_));
    WEIR_TRY(bool next, queue.is_next(number_));
    if (!next) {
      WEIR_TRY(const bool struck, strike(queue, books));
      if (struck) {
        WEIR_TRY(next, queue.is_next(number_));
      }
    }
    if (next) {
      WEIR_CHECK(waiter_.check());
      held_.reset();
      return std::optional{Turn{std::move(lock), std::move(books), true}};
    }
    WEIR_CHECK(queue.call_next());
    WEIR_CHECK(settle(queue));
    return std::optional<Turn>{};
  }

  /// Makes room at the cost of lower classes, where the pool says so and nobody comes before. Those
  /// who are to die get a moment for it, even of one who would not wait otherwise.
  Result<bool> strike(const Queue& queue, Books& books) {
    if (queue.goes_before(waiter_.pool, waiter_.record.priority, number_)) return false;
    for (const auto& victim : victims_)
      if (io_.exists(victim)) return false;
    victims_.clear();
    WEIR_TRY(const auto victims, preempt_for(io_, tree_, books, waiter_.pool, waiter_.record));
    if (victims.empty()) return false;
    waiter_.preempted(victims);
    if (tree_.pools[waiter_.pool].spec.preempt == Preempt::freeze) return true;
    for (const auto& victim : victims) victims_.push_back(victim.path);
    const auto waited = milliseconds{(steady_us() - began_us_) / 1000};
    if (!patience_ || (*patience_ && **patience_ < waited + dying_takes))
      patience_ = std::optional{waited + dying_takes};
    return true;
  }

  /// Watches the one before it, and says what place it has.
  Status settle(const Queue& queue) {
    const auto place = queue.position(number_);
    WEIR_CHECK(watch_->watch(*folder_, held_->name(), queue.before(number_)));
    if (place != place_) waiter_.tell(place, reason_);
    place_ = place;
    return {};
  }

  [[nodiscard]] milliseconds left() const {
    if (!patience_ || !*patience_) return milliseconds::max();
    return **patience_ - milliseconds{(steady_us() - began_us_) / 1000};
  }

  [[nodiscard]] milliseconds nap() const {
    auto nap = place_ <= 1   ? first_looks
               : place_ == 2 ? second_looks
                             : others_look * static_cast<std::int64_t>(place_);
    if (waiter_.often) nap = std::min(nap, often_looks);
    return std::clamp(left(), milliseconds{0}, nap);
  }

  CgroupIo& io_;
  const PoolTree& tree_;
  const RunDir& run_dir_;
  const Waiter& waiter_;
  std::int64_t began_us_;
  std::optional<std::optional<milliseconds>> patience_;
  std::vector<CgroupPath> victims_;  // killed, and not gone yet when it was last looked
  std::string reason_;
  std::optional<TicketFolder> folder_;
  std::optional<TicketWatch> watch_;
  std::optional<HeldTicket> held_;
  std::uint64_t number_ = 0;
  std::size_t place_ = 0;
};

}  // namespace

Result<Turn> wait_for_turn(CgroupIo& io, const PoolTree& tree, const RunDir& run_dir,
                           const Waiter& waiter) {
  return Wait{io, tree, run_dir, waiter}.run();
}

}  // namespace weir
