// SPDX-License-Identifier: Apache-2.0
// From pools and what they have admitted to the terms of admission.h.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "weir/model/pool.h"
#include "weir/model/record.h"
#include "weir/policy/admission.h"

namespace weir {

/// `sums` in the tree's order.
std::vector<AdmissionPool> ledger_of(const PoolTree& tree, std::span<const PoolBooks> sums);
AdmissionRules rules_of(const PoolTree& tree);
Applicant applicant_of(const ContainerRecord& record);

/// What one pool has taken and what is left; for pools with child pools, of all below.
struct PoolAccount {
  Resources reserved;  ///< its containers' requests and its child pools' reservations and loans
  Resources free;      ///< the most a newcomer may request
  Resources borrowed;  ///< from above
  std::optional<std::size_t> lender = {};  ///< who lends it; absent: the host, or nobody
};

/// Of every pool, in the tree's order.
std::vector<PoolAccount> accounts_of(const PoolTree& tree, std::span<const PoolBooks> sums);

}  // namespace weir
