// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "weir/policy/throughput.h"

namespace weir {
namespace {

/// Rows of the program: one for each bounded resource of each node, and of the whole.
class Program {
 public:
  explicit Program(const ThroughputTree& tree) : tree_(tree), row_of_(tree.nodes.size() + 1) {
    for (std::size_t r = 0; r < resource_count; ++r) {
      used_[r] = std::ranges::any_of(tree.members, [&](const auto& m) { return m.task[r] > 0; });
      if (!used_[r]) continue;
      row_of_.back()[r] = add_row(r, 0, tree.capacity[r]);
      for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
        const auto& node = tree.nodes[i];
        if (node.limit[r] < unbounded || node.reservation[r] > 0)
          row_of_[i][r] = add_row(r, node.reservation[r], node.limit[r]);
      }
    }
    for (const auto& member : tree.members) add_column(member);
  }

  [[nodiscard]] const LpProblem& problem() const { return problem_; }
  [[nodiscard]] std::optional<std::size_t> capacity_row(std::size_t r) const {
    return row_of_.back()[r];
  }

 private:
  using RowIndex = std::array<std::optional<std::size_t>, resource_count>;

  [[nodiscard]] double scale(std::size_t r) const {
    return 1.0 / static_cast<double>(std::max<std::int64_t>(1, tree_.capacity[r]));
  }

  std::size_t add_row(std::size_t r, std::int64_t lower, std::int64_t upper) {
    LpProblem::Row row;
    if (lower > 0) row.lower = static_cast<double>(lower) * scale(r);
    if (upper < unbounded) row.upper = static_cast<double>(upper) * scale(r);
    problem_.rows.push_back(row);
    return problem_.rows.size() - 1;
  }

  void add_column(const ThroughputTree::Member& member) {
    const auto column = problem_.columns.size();
    problem_.columns.push_back({member.value, member.least, most(member)});
    for (std::size_t r = 0; r < resource_count; ++r) {
      if (member.task[r] <= 0) continue;
      const double value = static_cast<double>(member.task[r]) * scale(r);
      const auto enter = [&](const RowIndex& rows) {
        if (rows[r]) problem_.entries.push_back({*rows[r], column, value});
      };
      for (auto at = member.node; at; at = tree_.nodes[*at].parent) enter(row_of_[*at]);
      enter(row_of_.back());
    }
  }

  // A finite bound keeps dual simplex feasible from the start: no more than alone on the machine.
  [[nodiscard]] double most(const ThroughputTree::Member& member) const {
    double bound = member.most;
    for (std::size_t r = 0; r < resource_count; ++r)
      if (member.task[r] > 0)
        bound = std::min(
            bound, static_cast<double>(tree_.capacity[r]) / static_cast<double>(member.task[r]));
    return std::max(bound, member.least);
  }

  const ThroughputTree& tree_;
  LpProblem problem_;
  std::array<bool, resource_count> used_{};
  std::vector<RowIndex> row_of_;  // the last: the capacity
};

Resources whole_units(const Resources& task, double tasks) {
  Resources amount;
  for (std::size_t r = 0; r < resource_count; ++r)
    amount[r] =
        static_cast<std::int64_t>(std::floor(static_cast<double>(task[r]) * std::max(0.0, tasks)));
  return amount;
}

// Solvers are exact to a tolerance, pools are not: what exceeds the capacity is taken from the
// members that were given most of it.
void trim(std::vector<Resources>& amount, const Resources& capacity) {
  for (std::size_t r = 0; r < resource_count; ++r) {
    Wide over = -Wide{capacity[r]};
    for (const auto& each : amount) over += each[r];
    while (over > 0) {
      auto& most = *std::ranges::max_element(amount, {}, [&](const auto& each) { return each[r]; });
      const auto cut = std::min<Wide>(over, most[r]);
      if (cut == 0) break;
      most[r] -= static_cast<std::int64_t>(cut);
      over -= cut;
    }
  }
}

}  // namespace

Result<ThroughputResult> solve_throughput(const ThroughputTree& tree, LpSolver& solver) {
  const Program program(tree);
  WEIR_TRY(auto solution, solver.maximise(program.problem()));
  ThroughputResult result{solution.objective, std::move(solution.value), {}, {}};
  for (std::size_t i = 0; i < tree.members.size(); ++i)
    result.amount.push_back(whole_units(tree.members[i].task, result.tasks[i]));
  trim(result.amount, tree.capacity);
  for (std::size_t r = 0; r < resource_count; ++r)
    if (auto row = program.capacity_row(r))
      result.price[r] = std::llround(solution.dual[*row] * 1e6);
  return result;
}

}  // namespace weir
