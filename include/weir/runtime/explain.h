// SPDX-License-Identifier: Apache-2.0
// `weir explain`.
#pragma once

#include <string>

#include "weir/policy/explain.h"
#include "weir/policy/ledger.h"
#include "weir/runtime/session.h"

namespace weir {

enum class ExplainKind { pool, container };

struct ExplainReport {
  std::string name;
  ExplainKind kind = ExplainKind::pool;
  Chain chain;
  Explanation explanation;
  PoolAccount account;  ///< of the pool, or of the container's pool
  std::string lender;   ///< who lends what it has borrowed; empty: it has borrowed nothing
};

/// `name` of a pool or container; "pool:x" and "ctr:x" say which. Errc::not_found where there is
/// neither.
Result<ExplainReport> explain_named(Session& session, const std::string& name);

}  // namespace weir
