// SPDX-License-Identifier: Apache-2.0
// The rules behind the Policy interface, one function each (docs/allocator.md 3).
#pragma once

#include "weir/policy/policy.h"

namespace weir {

using Contenders = std::vector<Contender>;

Result<Division> divide_fair(const Resources&, const Contenders&, const PolicyOptions&);
Result<Division> divide_drf(const Resources&, const Contenders&, const PolicyOptions&);
Result<Division> divide_fifo(const Resources&, const Contenders&, const PolicyOptions&);
Result<Division> divide_round_robin(const Resources&, const Contenders&, const PolicyOptions&);
Result<Division> divide_priority(const Resources&, const Contenders&, const PolicyOptions&);
Result<Division> divide_throughput(const Resources&, const Contenders&, const PolicyOptions&);
Result<Division> divide_latency(const Resources&, const Contenders&, const PolicyOptions&);

}  // namespace weir
