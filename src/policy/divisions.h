// SPDX-License-Identifier: Apache-2.0
// The rules behind the Policy interface, one function each (docs/allocator.md 3).
#pragma once

#include "weir/policy/policy.h"

namespace weir {

using Members = std::vector<Member>;

Result<Division> divide_fair(const Resources&, const Members&, const PolicyOptions&);
Result<Division> divide_drf(const Resources&, const Members&, const PolicyOptions&);
Result<Division> divide_fifo(const Resources&, const Members&, const PolicyOptions&);
Result<Division> divide_round_robin(const Resources&, const Members&, const PolicyOptions&);
Result<Division> divide_priority(const Resources&, const Members&, const PolicyOptions&);
Result<Division> divide_throughput(const Resources&, const Members&, const PolicyOptions&);
Result<Division> divide_latency(const Resources&, const Members&, const PolicyOptions&);

}  // namespace weir
