// SPDX-License-Identifier: Apache-2.0
// The LP solver of policy `throughput`: COIN-OR CLP, loaded when it is first asked something, so
// that nobody else pays for it.
#pragma once

#include <memory>

#include "weir/policy/lp.h"

namespace weir {

/// Solves with the machine's libClp by dual simplex. Errc::unsupported, with a hint, where the
/// library is not installed. One object serves one thread.
std::unique_ptr<LpSolver> make_clp_solver();

}  // namespace weir
