// SPDX-License-Identifier: Apache-2.0
// A linear program as a value, and whoever solves it. The policies never load a solver; they are
// handed one.
#pragma once

#include <limits>
#include <vector>

#include "weir/base/result.h"

namespace weir {

inline constexpr double lp_infinity = std::numeric_limits<double>::infinity();

/// Maximise sum objective*x subject to lower <= x <= upper and, for each row, lower <= a*x <=
/// upper.
struct LpProblem {
  struct Column {
    double objective = 0, lower = 0, upper = lp_infinity;
  };
  struct Row {
    double lower = -lp_infinity, upper = lp_infinity;
  };
  struct Entry {
    std::size_t row, column;
    double value;
  };
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::vector<Entry> entries;  ///< at most one for each (row, column)
};

struct LpSolution {
  double objective = 0;
  std::vector<double> value;  ///< for each column
  std::vector<double> dual;   ///< for each row: what one more unit of its bound is worth
};

class LpSolver {
 public:
  LpSolver() = default;
  LpSolver(const LpSolver&) = delete;
  LpSolver& operator=(const LpSolver&) = delete;
  virtual ~LpSolver() = default;
  /// The optimum. Errc::no_capacity when nothing is feasible, Errc::failed when it is unbounded or
  /// the solver gave up, Errc::unsupported when there is no solver on this machine.
  virtual Result<LpSolution> maximise(const LpProblem& problem) = 0;
};

}  // namespace weir
