// SPDX-License-Identifier: Apache-2.0
// Policies that decide who runs and who waits.
#include "weir/policy/fifo.h"

#include "crew.h"

namespace weir {
namespace {

constexpr auto cpu = static_cast<std::size_t>(Resource::cpu);

/// Contenders that run together from `first` on, in order around the ring, while they fit by CPU.
Crew turn_from(const Resources& capacity, const Contenders& members, const Crew& ring,
               std::size_t first) {
  Crew crew;
  std::int64_t used = 0;
  for (std::size_t k = 0; k < ring.size(); ++k) {
    const auto member = ring[(first + k) % ring.size()];
    const auto wants = std::min(members[member].request[cpu], capacity[cpu]);
    if (!crew.empty() && (used + wants > capacity[cpu] || wants == 0)) break;
    used += wants;
    crew.push_back(member);
    if (wants == 0) break;  // asked for nothing: it has the CPU for itself while it runs
  }
  return crew;
}

/// Where in the ring each set begins when everybody has run once.
std::vector<std::size_t> beginnings(const Resources& capacity, const Contenders& members,
                                    const Crew& ring) {
  std::vector<std::size_t> first;
  for (std::size_t at = 0; at < ring.size();) {
    first.push_back(at);
    at += turn_from(capacity, members, ring, at).size();
  }
  return first;
}

}  // namespace

Result<Division> divide_fifo(const Resources& capacity, const Contenders& members,
                             const PolicyOptions& options) {
  auto division = blank(members);
  auto free = capacity;
  std::vector<FifoRunning> active;
  std::vector<FifoJob> queue;
  Crew waiting;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].admitted) {
      free -= members[i].request;
      active.push_back({members[i].request, {}});
    } else {
      queue.push_back({members[i].request, {}});
      waiting.push_back(i);
    }
  }
  const auto backfill = options.backfill ? Backfill::yes : Backfill::no;
  for (auto k : admit_fifo(queue, active, free, backfill)) division.turn[waiting[k]] = Turn::runs;
  const auto crew = running(division);
  divide_fairly(capacity, members, crew, crew, division);
  set_fair_weights(capacity, members, crew, division);
  return division;
}

Result<Division> divide_round_robin(const Resources& capacity, const Contenders& members,
                                    const PolicyOptions& options) {
  auto division = blank(members);
  const auto ring = admitted(members);
  if (ring.empty()) return division;
  const auto sets = beginnings(capacity, members, ring);
  const auto crew = turn_from(capacity, members, ring, sets[options.turn % sets.size()]);
  for (auto i : ring) division.turn[i] = Turn::frozen;
  for (auto i : crew) division.turn[i] = Turn::runs;
  divide_fairly(capacity, members, crew, ring, division);
  set_fair_weights(capacity, members, ring, division);
  return division;
}

}  // namespace weir
