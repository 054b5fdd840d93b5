// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/queue.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/policy/ledger.h"
#include "weir/policy/queue.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/preempt.h"

namespace weir {
namespace {

/// How long one that was called may take to come; after that the next one goes first.
constexpr std::int64_t come_within_us = 5'000'000;

QueueOrder order_for(PolicyKind policy) {
  switch (policy) {
    case PolicyKind::priority:
      return QueueOrder::priority;
    case PolicyKind::throughput:
      return QueueOrder::value;
    case PolicyKind::drf:
      return QueueOrder::drf;
    default:
      return QueueOrder::fifo;
  }
}

Backfill backfill_of(const PoolSpec& spec) {
  return spec.policy.value == PolicyKind::fifo && spec.backfill ? Backfill::yes : Backfill::no;
}

/// One that does not fit need not keep those behind it out.
bool may_pass(const PoolSpec& spec) {
  return backfill_of(spec) == Backfill::yes || spec.policy.value == PolicyKind::throughput;
}

Ticket terms_of(const ContainerRecord& record, const PoolSpec& spec, double waited,
                double owner_share) {
  Ticket out;
  out.request = applicant_of(record).request;
  out.waited = waited;
  out.priority = record.priority;
  out.value = record.value.value_or(spec.container.value.value_or(1));
  out.owner_share = owner_share;
  return out;
}

}  // namespace

Result<Queue> Queue::read(CgroupIo& io, Books& books, const PoolTree& tree, const RunDir& run_dir) {
  WEIR_TRY(auto folder, TicketFolder::open(run_dir));
  WEIR_TRY(const auto files, folder.scan());
  Queue queue{io, books, tree, std::move(folder)};
  for (const auto& file : files) {
    auto ticket = QueueTicket::parse(file.text);
    if (ticket && ticket->name() == file.name && tree.find(ticket->pool.str()))
      queue.tickets_.push_back(std::move(*ticket));
  }
  return queue;
}

std::vector<QueueTicket> Queue::tickets(std::optional<std::size_t> pool) const {
  std::vector<QueueTicket> out;
  for (const auto& ticket : tickets_)
    if (!pool || ticket.pool == tree_.pools[*pool].name()) out.push_back(ticket);
  return out;
}

/// The largest part of the host that a user's containers in `pool` reserve.
Result<double> Queue::share_of_owner(std::size_t pool, std::uint32_t uid) {
  WEIR_TRY(const auto members, read_members(io_, tree_, pool));
  double cpu = 0, memory = 0;
  for (const auto& member : members) {
    if (member.record.owner_uid != uid) continue;
    cpu += static_cast<double>(member.record.cpu_reserved().value);
    memory += static_cast<double>(member.record.memory_reserved().value);
  }
  return std::max(cpu / static_cast<double>(tree_.capacity.cpu.value),
                  memory / static_cast<double>(tree_.capacity.memory.value));
}

/// Whom the sums as they are would let in.
Result<std::vector<std::size_t>> Queue::order_among(std::size_t pool,
                                                    const ContainerRecord* newcomer) {
  const auto& spec = tree_.pools[pool].spec;
  const bool by_owner = spec.policy.value == PolicyKind::drf;
  std::vector<std::size_t> who;
  std::vector<Ticket> terms;
  const auto add = [&](std::size_t index, const ContainerRecord& record, double waited) -> Status {
    double share = 0;
    if (by_owner) {
      WEIR_TRY(share, share_of_owner(pool, record.owner_uid));
    }
    who.push_back(index);
    terms.push_back(terms_of(record, spec, waited, share));
    return {};
  };
  const auto now = steady_us();
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    const auto& ticket = tickets_[i];
    if (ticket.pool != spec.name || ticket.late) continue;
    WEIR_CHECK(add(i, ticket.record, static_cast<double>(now - ticket.arrived_us) / 1e6));
  }
  if (newcomer) WEIR_CHECK(add(tickets_.size(), *newcomer, 0));
  WEIR_TRY(const auto room, books_.room(pool));
  WEIR_TRY(const auto places, books_.places(pool));
  auto next = next_in(terms, {}, room, order_for(spec.policy.value), backfill_of(spec));
  if (next.size() > places) next.resize(places);
  for (auto& index : next) index = who[index];
  return next;
}

/// Indices of the tickets that may come in now, in this order; the number of tickets stands for
/// the newcomer. Nobody is kept out by sums that are too high.
Result<std::vector<std::size_t>> Queue::order_of(std::size_t pool,
                                                 const ContainerRecord* newcomer) {
  WEIR_TRY(auto order, order_among(pool, newcomer));
  if (order.size() == tickets(pool).size() + (newcomer ? 1 : 0)) return order;
  WEIR_TRY(const bool changed, books_.refresh());
  if (!changed) return order;
  return order_among(pool, newcomer);
}

Result<Verdict> Queue::ask(std::size_t pool, const ContainerRecord& record) {
  // Somebody may have ended whose weir run has not seen it yet.
  WEIR_CHECK(resume(pool, record.priority));
  WEIR_TRY(auto verdict, books_.ask(pool, record));
  if (verdict.refused) return verdict;
  const auto waiting = tickets(pool).size();
  if (waiting == 0) return verdict;
  WEIR_TRY(const auto order, order_of(pool, &record));
  if (std::ranges::find(order, tickets_.size()) != order.end()) return verdict;
  Error error;
  error.code = Errc::no_capacity;
  error.message = fmt::format("pool '{}' cannot take '{}': {} wait{} for its room already",
                              tree_.pools[pool].name().str(), record.name.str(), waiting,
                              waiting == 1 ? "s" : "");
  error.hint = "`--wait` joins the queue; `weir queue` shows it";
  verdict.refused = std::move(error);
  return verdict;
}

/// The one whose turn it is, whether or not it comes.
Result<std::optional<std::size_t>> Queue::first_of(std::size_t pool) {
  WEIR_TRY(const auto order, order_of(pool, nullptr));
  for (const auto index : order) {
    WEIR_TRY(const auto verdict, books_.ask(pool, tickets_[index].record));
    if (!verdict.refused) return std::optional{index};
    if (!may_pass(tree_.pools[pool].spec)) break;
  }
  return std::optional<std::size_t>{};
}

Status Queue::rewrite(QueueTicket& ticket) { return folder_.rewrite(ticket.name(), ticket.str()); }

/// One that was called and did not come stands aside.
Result<std::optional<std::size_t>> Queue::first_that_comes(std::size_t pool) {
  for (;;) {
    WEIR_TRY(const auto first, first_of(pool));
    if (!first) return first;
    auto& ticket = tickets_[*first];
    if (ticket.called_us == 0 || steady_us() - ticket.called_us < come_within_us) return first;
    ticket.late = true;
    WEIR_CHECK(rewrite(ticket));
  }
}

/// Who was preempted comes before whoever waits, or comes, in the same class or below.
Status Queue::resume(std::size_t pool, std::int64_t newcomer) {
  const auto& spec = tree_.pools[pool].spec;
  if (spec.policy.value != PolicyKind::priority || spec.preempt != Preempt::freeze) return {};
  WEIR_CHECK(books_.refresh());
  auto above = newcomer;
  for (const auto& ticket : tickets_)
    if (ticket.pool == spec.name && !ticket.late) above = std::max(above, ticket.record.priority);
  WEIR_CHECK(resume_preempted(io_, tree_, books_, pool, above));
  return {};
}

bool Queue::goes_before(std::size_t pool, std::int64_t priority, std::uint64_t number) const {
  return std::ranges::any_of(tickets_, [&](const QueueTicket& other) {
    if (other.pool != tree_.pools[pool].name() || other.late || other.number == number)
      return false;
    return other.record.priority > priority ||
           (other.record.priority == priority && (number == 0 || other.number < number));
  });
}

Status Queue::call_next() {
  for (std::size_t i = 0; i < tree_.pools.size(); ++i) {
    WEIR_CHECK(resume(i, std::numeric_limits<std::int64_t>::min()));
    if (tickets(i).empty()) continue;
    WEIR_TRY(const auto first, first_that_comes(i));
    if (!first || tickets_[*first].called_us != 0) continue;
    tickets_[*first].called_us = steady_us();
    WEIR_CHECK(rewrite(tickets_[*first]));
  }
  return {};
}

Result<bool> Queue::is_next(std::uint64_t number) {
  const auto mine = std::ranges::find(tickets_, number, &QueueTicket::number);
  if (mine == tickets_.end()) return false;
  if (mine->late) {
    mine->late = false;
    mine->called_us = 0;
    WEIR_CHECK(rewrite(*mine));
  }
  const auto index = static_cast<std::size_t>(mine - tickets_.begin());
  WEIR_TRY(const auto first, first_that_comes(*tree_.find(mine->pool.str())));
  return first == index;
}

Result<HeldTicket> Queue::join(std::size_t pool, const ContainerRecord& record, int pid) {
  for (const auto& other : tickets_)
    if (other.record.name == record.name)
      return fail(Errc::conflict,
                  fmt::format("a container '{}' waits already, in the queue of pool '{}'",
                              record.name.str(), other.pool.str()),
                  "choose another --name; `weir queue` shows who waits");
  WEIR_TRY(const auto number, folder_.next_number());
  QueueTicket ticket{number, tree_.pools[pool].name(), record, pid, steady_us(), 0, false};
  auto held = folder_.hold(ticket.name(), ticket.str());
  if (held) tickets_.push_back(std::move(ticket));
  return held;
}

std::size_t Queue::position(std::uint64_t number) const {
  const auto mine = std::ranges::find(tickets_, number, &QueueTicket::number);
  if (mine == tickets_.end()) return 0;
  std::size_t place = 1;
  for (auto at = tickets_.begin(); at != mine; ++at) place += at->pool == mine->pool ? 1 : 0;
  return place;
}

std::string Queue::before(std::uint64_t number) const {
  const auto mine = std::ranges::find(tickets_, number, &QueueTicket::number);
  std::string name;
  for (auto at = tickets_.begin(); at != mine; ++at)
    if (mine != tickets_.end() && at->pool == mine->pool) name = at->name();
  return name;
}

Status Queue::cancel(std::uint64_t number) {
  const auto ticket = std::ranges::find(tickets_, number, &QueueTicket::number);
  if (ticket == tickets_.end())
    return fail(Errc::not_found, fmt::format("no ticket {}", number), "`weir queue` shows them");
  WEIR_CHECK(folder_.remove(ticket->name()));
  tickets_.erase(ticket);
  return {};
}

void call_next(CgroupIo& io, const PoolTree& tree, const RunDir& run_dir) {
  Books books{io, tree, run_dir};
  if (auto queue = Queue::read(io, books, tree, run_dir))
    ignore(queue->call_next(), "whoever is first looks from time to time itself");
}

}  // namespace weir
