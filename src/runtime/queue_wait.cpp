// SPDX-License-Identifier: Apache-2.0
// The wait itself: asleep until one's own ticket or the one before it changes.
#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/runtime/queue.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

/// What nobody tells a waiter, the first one of each pool finds out: a container that ended while
/// its `weir run` was dead, a pool that has more now.
constexpr milliseconds first_looks{500};
/// And the others, in case the first one is stopped.
constexpr milliseconds second_looks{3'000}, others_look{15'000}, often_looks{1'000};

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
      : io_(io), tree_(tree), run_dir_(run_dir), waiter_(waiter), began_us_(steady_us()) {}

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
    if (!verdict.refused) return std::optional{Turn{std::move(lock), books, !queue.is_empty()}};
    if (verdict.for_ever || !waiter_.patience) return tl::unexpected(std::move(*verdict.refused));
    reason_ = verdict.refused->message;
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
          over(fmt::format("waited {} in vain: {}", to_text(**waiter_.patience), reason_),
               "wait longer (--wait=DURATION), or `weir queue` to see who else waits"));
    WEIR_TRY(auto lock, run_dir_.lock_books());
    Books books{io_, tree_, run_dir_};
    WEIR_TRY(auto queue, Queue::read(io_, books, tree_, run_dir_));
    WEIR_TRY(const bool next, queue.is_next(number_));
    if (next) {
      WEIR_CHECK(waiter_.check());
      held_.reset();
      return std::optional{Turn{std::move(lock), books, true}};
    }
    WEIR_CHECK(queue.call_next());
    WEIR_CHECK(settle(queue));
    return std::optional<Turn>{};
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
    if (!waiter_.patience || !*waiter_.patience) return milliseconds::max();
    return **waiter_.patience - milliseconds{(steady_us() - began_us_) / 1000};
  }

  [[nodiscard]] milliseconds nap() const {
    auto nap = place_ <= 1 ? first_looks : place_ == 2 ? second_looks : others_look;
    if (waiter_.often) nap = std::min(nap, often_looks);
    return std::clamp(left(), milliseconds{0}, nap);
  }

  CgroupIo& io_;
  const PoolTree& tree_;
  const RunDir& run_dir_;
  const Waiter& waiter_;
  std::int64_t began_us_;
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
