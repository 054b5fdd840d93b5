// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/admission.h"

#include <algorithm>

namespace weir {
namespace {

/// What stands against each pool's reservation: its containers' requests, its child pools'
/// reservations, and what those have borrowed from it. The last place is the host's.
struct Ledger {
  std::vector<Resources> booked;    // against the pool's own reservation
  std::vector<Resources> requests;  // of the whole subtree
  std::vector<Resources> borrowed;  // from the parent

  explicit Ledger(std::span<const AdmissionPool> pools)
      : booked(pools.size() + 1), requests(pools.size() + 1), borrowed(pools.size()) {
    std::vector<Resources> covered(pools.size() + 1);
    for (std::size_t i = pools.size(); i-- > 0;) {
      const auto& pool = pools[i];
      const auto above = pool.parent.value_or(pools.size());
      booked[i] += pool.requests;
      requests[i] += pool.requests;
      covered[i] += pool.covered;
      requests[above] += requests[i];
      covered[above] += covered[i];
      for (std::size_t r = 0; r < resource_count; ++r)
        borrowed[i][r] = std::max<std::int64_t>(0, booked[i][r] - pool.reservation[r]);
      booked[above] += pool.reservation + borrowed[i];
      if (!pool.parent) count_once(borrowed[i], covered[i]);
    }
    requests.back() -= covered.back();
  }

 private:
  /// What a top pool has only because a container left it behind stands against the host where
  /// that container is now.
  void count_once(const Resources& from_host, const Resources& covered) {
    for (std::size_t r = 0; r < resource_count; ++r)
      booked.back()[r] -= std::min(from_host[r], covered[r]);
  }
};

class Check {
 public:
  Check(std::span<const AdmissionPool> pools, const AdmissionRules& rules)
      : pools_(pools), rules_(rules), ledger_(pools) {}

  Admission run(std::size_t pool, const Applicant& applicant) {
    Admission admission;
    for (std::size_t r = 0; r < resource_count && !admission.refused; ++r) {
      admission.refused = over_limit(pool, r, applicant.request[r]);
      if (!admission.refused)
        admission.refused = over_reservation(pool, r, applicant.request[r], admission.loans);
      if (!admission.refused) admission.refused = over_commit(r, applicant.limit[r]);
    }
    if (admission.refused) admission.loans.clear();
    return admission;
  }

  [[nodiscard]] std::optional<Refusal> over_limit(std::size_t pool, std::size_t r,
                                                  std::int64_t request) const {
    if (request == 0) return {};
    for (std::optional at = pool; at; at = pools_[*at].parent)
      if (const auto room = pools_[*at].limit[r] - ledger_.requests[*at][r]; request > room)
        return refusal(Refusal::Rule::limit, at, r, request, room);
    if (const auto room = rules_.capacity[r] - ledger_.requests.back()[r]; request > room)
      return refusal(Refusal::Rule::limit, {}, r, request, room);
    return {};
  }

 private:
  [[nodiscard]] Refusal refusal(Refusal::Rule rule, std::optional<std::size_t> pool, std::size_t r,
                                std::int64_t wanted, std::int64_t room) const {
    return {rule, pool, static_cast<Resource>(r), wanted, room, false};
  }

  std::optional<Refusal> over_reservation(std::size_t pool, std::size_t r, std::int64_t request,
                                          std::vector<Loan>& loans) const {
    auto missing = request;
    for (std::optional at = pool; at; at = pools_[*at].parent) {
      const auto& own = pools_[*at];
      const auto unused = std::max<std::int64_t>(0, own.reservation[r] - ledger_.booked[*at][r]);
      if (missing <= unused) return {};
      if (!own.expandable[r]) return refusal(Refusal::Rule::reservation, at, r, missing, unused);
      missing -= unused;
      loans.push_back({*at, static_cast<Resource>(r), missing});
    }
    const auto unreserved = rules_.capacity[r] - ledger_.booked.back()[r];
    if (missing <= unreserved) return {};
    return refusal(Refusal::Rule::reservation, {}, r, missing, unreserved);
  }

  std::optional<Refusal> over_commit(std::size_t r, std::int64_t limit) const {
    if (!rules_.overcommit[r] || limit == 0) return {};
    const Wide may = Wide{rules_.capacity[r]} * *rules_.overcommit[r] / 1'000'000;
    Wide sum = 0;
    for (const auto& pool : pools_) sum += pool.limits[r] - pool.covered[r];
    if (sum + limit <= may) return {};
    const auto room = std::max<Wide>(0, std::min<Wide>(may - sum, unbounded));
    return refusal(Refusal::Rule::overcommit, {}, r, limit, static_cast<std::int64_t>(room));
  }

  std::span<const AdmissionPool> pools_;
  const AdmissionRules& rules_;
  Ledger ledger_;
};

std::vector<AdmissionPool> emptied(std::span<const AdmissionPool> pools) {
  std::vector<AdmissionPool> empty(pools.begin(), pools.end());
  for (auto& pool : empty) pool.requests = pool.limits = {};
  return empty;
}

}  // namespace

Admission admit(std::span<const AdmissionPool> pools, const AdmissionRules& rules, std::size_t pool,
                const Applicant& applicant) {
  auto admission = Check(pools, rules).run(pool, applicant);
  if (admission.refused)
    admission.refused->for_ever =
        Check(emptied(pools), rules).run(pool, applicant).refused.has_value();
  return admission;
}

std::optional<Refusal> over_limit(std::span<const AdmissionPool> pools, const AdmissionRules& rules,
                                  std::size_t pool, const Resources& request) {
  const Check check(pools, rules);
  for (std::size_t r = 0; r < resource_count; ++r)
    if (auto refused = check.over_limit(pool, r, request[r])) return refused;
  return {};
}

Resources room_in(std::span<const AdmissionPool> pools, const AdmissionRules& rules,
                  std::size_t pool) {
  const Ledger ledger(pools);
  Resources room;
  for (std::size_t r = 0; r < resource_count; ++r) {
    auto within_limits = rules.capacity[r] - ledger.requests.back()[r];
    std::int64_t reserved = 0;
    bool reaches_host = true;
    for (std::optional at = pool; at; at = pools[*at].parent) {
      const auto& own = pools[*at];
      within_limits = std::min(within_limits, own.limit[r] - ledger.requests[*at][r]);
      if (!reaches_host) continue;
      reserved += std::max<std::int64_t>(0, own.reservation[r] - ledger.booked[*at][r]);
      reaches_host = own.expandable[r];
    }
    if (reaches_host)
      reserved += std::max<std::int64_t>(0, rules.capacity[r] - ledger.booked.back()[r]);
    room[r] = std::max<std::int64_t>(0, std::min(within_limits, reserved));
  }
  return room;
}

std::vector<PoolTotals> totals(std::span<const AdmissionPool> pools) {
  const Ledger ledger(pools);
  std::vector<PoolTotals> out;
  for (std::size_t i = 0; i <= pools.size(); ++i)
    out.push_back({ledger.requests[i], ledger.booked[i],
                   i < pools.size() ? ledger.borrowed[i] : Resources{}});
  return out;
}

std::vector<Resources> borrowed(std::span<const AdmissionPool> pools) {
  return Ledger(pools).borrowed;
}

}  // namespace weir
