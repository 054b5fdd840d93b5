// SPDX-License-Identifier: Apache-2.0
// May a container come in? Reservations with expandable borrowing, limits and overcommit
// (docs/allocator.md 10).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "weir/policy/resources.h"

namespace weir {

/// A pool and the sums of what it has admitted itself (its child pools book their own).
struct AdmissionPool {
  std::optional<std::size_t> parent;  ///< parents stand before their children
  Resources reservation;
  Resources limit = Resources::all(unbounded);  ///< unbounded: the parent's
  std::array<bool, resource_count> expandable{true, true, true, true};
  Resources requests;  ///< sum of the requests of its containers
  Resources limits;    ///< sum of their limits, the request where there is none
  /// The part of both that belongs to containers which moved to another pool and are booked there
  /// in full: it counts in this pool, and not against the host.
  Resources covered{};
};

struct AdmissionRules {
  Resources capacity;
  /// What the limits of all containers may add up to, as parts of the capacity in millionths;
  /// nothing: not checked.
  std::array<std::optional<std::int64_t>, resource_count> overcommit{};
};

struct Applicant {
  Resources request;
  Resources limit;  ///< the request where it has none
};

/// Reservation taken from a pool's parent, or by a top pool from the host.
struct Loan {
  std::size_t borrower;
  Resource resource;
  std::int64_t amount;
};

struct Refusal {
  enum class Rule { limit, reservation, overcommit };
  Rule rule = Rule::limit;
  std::optional<std::size_t> pool;  ///< whose rule it was; absent: the host's
  Resource resource = Resource::cpu;
  std::int64_t wanted = 0;  ///< amount that had to be found there
  std::int64_t room = 0;    ///< what was there
  bool for_ever = false;    ///< not even an empty host would admit it
};

struct Admission {
  std::optional<Refusal> refused;
  std::vector<Loan> loans;  ///< what this admission borrows, when it is not refused
};

/// Admits `applicant` to `pool` iff for every resource (a) the requests in each pool of the chain
/// stay within its limit, (b) the request is covered by unused reservation, the missing part by the
/// next ancestor's where the pool is expandable, at last by capacity no pool reserves, and (c)
/// limits stay within overcommit. Changes nothing. The first rule broken is reported.
Admission admit(std::span<const AdmissionPool> pools, const AdmissionRules& rules, std::size_t pool,
                const Applicant& applicant);

/// Rule (a) alone, for what comes into `pool` unasked.
std::optional<Refusal> over_limit(std::span<const AdmissionPool> pools, const AdmissionRules& rules,
                                  std::size_t pool, const Resources& request);

/// The most that a new container in `pool` may request of each resource: exactly what rules (a) and
/// (b) of admit() let through. Never negative.
Resources room_in(std::span<const AdmissionPool> pools, const AdmissionRules& rules,
                  std::size_t pool);

/// What stands against one pool at this moment.
struct PoolTotals {
  Resources requests;  ///< of the containers in it and below
  Resources booked;    ///< its containers' requests, its child pools' reservations and loans
  Resources borrowed;  ///< what it takes from above
};

/// Of each pool; the last one is the host's.
std::vector<PoolTotals> totals(std::span<const AdmissionPool> pools);

/// What each pool has borrowed from above at this moment.
std::vector<Resources> borrowed(std::span<const AdmissionPool> pools);

}  // namespace weir
