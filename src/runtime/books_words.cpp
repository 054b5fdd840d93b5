// SPDX-License-Identifier: Apache-2.0
#include "books_words.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/policy/ledger.h"
#include "weir/runtime/books.h"
#include "weir/runtime/containers.h"

namespace weir {
namespace books_words {
namespace {

constexpr std::size_t most_named = 3;

std::string amount(Resource resource, std::int64_t value) {
  if (resource == Resource::cpu)
    return fmt::format("{} core{}", to_text(Cores{value}), value == micro_per_core ? "" : "s");
  return to_text(Bytes{value});
}

std::string_view name_of(Resource resource) { return resource == Resource::cpu ? "CPU" : "memory"; }

std::string held_by(Resource resource, Holders holders) {
  std::erase_if(holders, [](const auto& holder) { return holder.second == 0; });
  if (holders.empty()) return {};
  std::ranges::stable_sort(holders, std::greater<>{}, [](const auto& one) { return one.second; });
  std::vector<std::string> words;
  for (const auto& [name, value] : holders) {
    if (words.size() == most_named) break;
    words.push_back(fmt::format("{} ({})", name, amount(resource, value)));
  }
  if (holders.size() > words.size())
    words.push_back(fmt::format("{} more", holders.size() - words.size()));
  return fmt::format("; held by {}", join_words(words));
}

template <class T>
std::int64_t limit_of(const Claim<T>& claim) {
  return claim.limit ? claim.limit->value : 0;
}

/// What there is not enough of, such as "the limit of 4GiB of pool 'ci'".
std::string source(const PoolTree& tree, const Refusal& refusal) {
  const auto r = refusal.resource;
  const bool is_cpu = r == Resource::cpu;
  const auto capacity = amount(r, is_cpu ? tree.capacity.cpu.value : tree.capacity.memory.value);
  if (refusal.rule == Refusal::Rule::overcommit)
    return fmt::format("what limits may add up to, {:g} x the capacity of {}",
                       is_cpu ? tree.host.overcommit.cpu : tree.host.overcommit.memory, capacity);
  if (!refusal.pool && refusal.rule == Refusal::Rule::limit)
    return fmt::format("the capacity of {}", capacity);
  if (!refusal.pool) return fmt::format("the capacity of {} that no pool reserves", capacity);
  const auto& pool = tree.pools[*refusal.pool];
  if (refusal.rule == Refusal::Rule::limit)
    return fmt::format("the limit of {} of pool '{}'",
                       amount(r, is_cpu ? limit_of(pool.cpu) : limit_of(pool.memory)),
                       pool.name().str());
  return fmt::format("the reservation of {} of pool '{}', which may not borrow",
                     amount(r, is_cpu ? pool.cpu.reservation.value : pool.memory.reservation.value),
                     pool.name().str());
}

std::string hint_for(const PoolTree& tree, std::size_t pool, const Refusal& refusal) {
  if (refusal.for_ever) {
    if (refusal.rule == Refusal::Rule::reservation && refusal.pool)
      return "ask for less, raise the pool's reservation, or let it borrow (expandable = true)";
    return "ask for less, or raise what the pool may have";
  }
  return fmt::format("wait until something ends, or ask for less; `weir pool show {}` has the sums",
                     tree.pools[refusal.pool.value_or(pool)].name().str());
}

Error refused(std::string message, std::string hint) {
  Error error;
  error.code = Errc::no_capacity;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

}  // namespace

Error too_many(const Pool& pool, const ContainerRecord& record) {
  const auto most = pool.spec.max_containers.value_or(0);
  return refused(fmt::format("pool '{}' cannot take '{}': it has its {} container{} "
                             "(max_containers)",
                             pool.name().str(), record.name.str(), most, most == 1 ? "" : "s"),
                 most == 0 ? "raise max_containers of the pool"
                           : "wait until one ends, or raise max_containers of the pool");
}

Error no_room(const PoolTree& tree, std::size_t pool, const ContainerRecord& record,
              const Refusal& refusal, Holders holders) {
  const auto r = refusal.resource;
  const bool is_cpu = r == Resource::cpu;
  const auto asked = is_cpu ? record.cpu_reserved().value : record.memory_reserved().value;
  const auto room = std::max<std::int64_t>(0, refusal.room);
  const bool by_limit = refusal.rule == Refusal::Rule::overcommit;
  return refused(
      fmt::format("pool '{}' cannot take '{}'{}: {} of {} {}, {} free of {}, {} missing{}",
                  tree.pools[pool].name().str(), record.name.str(),
                  refusal.for_ever ? " and never can" : "",
                  amount(r, by_limit ? refusal.wanted : asked), name_of(r),
                  by_limit ? "is its limit" : "asked for", amount(r, room), source(tree, refusal),
                  amount(r, refusal.wanted - room), held_by(r, std::move(holders))),
      hint_for(tree, pool, refusal));
}

Error no_room_to_leave(const PoolTree& tree, std::size_t pool, Bytes left, const Refusal& refusal) {
  const auto room = std::max<std::int64_t>(0, refusal.room);
  return refused(
      fmt::format("pool '{}' has no room for the {} that would stay behind: {} more than "
                  "is booked now, {} free of {}",
                  tree.pools[pool].name().str(), to_text(left), to_text(Bytes{refusal.wanted}),
                  to_text(Bytes{room}), source(tree, refusal)),
      "--force moves it all the same");
}

}  // namespace books_words

Error Books::explain(std::size_t pool, const ContainerRecord& record, const Refusal& refusal) {
  return books_words::no_room(tree_, pool, record, refusal,
                              refusal.for_ever ? books_words::Holders{} : holders(refusal));
}

books_words::Holders Books::holders(const Refusal& refusal) {
  books_words::Holders out;
  const bool is_cpu = refusal.resource == Resource::cpu;
  const auto of = [&](const ContainerRecord& record) {
    return is_cpu ? record.cpu_reserved().value : record.memory_reserved().value;
  };
  if (refusal.pool && tree_.pools[*refusal.pool].children.empty()) {
    const auto members = read_members(io_, tree_, *refusal.pool);
    if (members)
      for (const auto& member : *members)
        out.emplace_back(member.record.name.str(), of(member.record));
    for (const auto& [booking, slot] : *booked_)
      if (booking.pool == tree_.pools[*refusal.pool].name())
        out.emplace_back(booking.record.name.str(), of(booking.record));
    return out;
  }
  const auto pools = ledger_of(tree_, sums());
  const auto all = totals(pools);
  const auto r = refusal.resource;
  const bool of_limits = refusal.rule == Refusal::Rule::overcommit;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    if (!of_limits && pools[i].parent != refusal.pool) continue;
    const auto held = of_limits ? pools[i].limits[r]
                      : refusal.rule == Refusal::Rule::limit
                          ? all[i].requests[r]
                          : pools[i].reservation[r] + all[i].borrowed[r];
    out.emplace_back(fmt::format("pool '{}'", tree_.pools[i].name().str()), held);
  }
  return out;
}

}  // namespace weir
