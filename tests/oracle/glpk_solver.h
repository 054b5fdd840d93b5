// SPDX-License-Identifier: Apache-2.0
// GLPK as an independent judge of the policies. It is GPL: tests only.
#pragma once

#include <vector>

#include "weir/policy/lp.h"

namespace weir::testing {

/// Solves LpProblem with GLPK's primal simplex.
class GlpkSolver : public LpSolver {
 public:
  Result<LpSolution> maximise(const LpProblem& problem) override;
};

/// The same with columns in `integers` restricted to whole numbers, by branch and cut.
Result<LpSolution> maximise_integer(const LpProblem& problem,
                                    const std::vector<std::size_t>& integers);

}  // namespace weir::testing
