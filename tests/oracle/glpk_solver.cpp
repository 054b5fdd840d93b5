// SPDX-License-Identifier: Apache-2.0
#include "oracle/glpk_solver.h"

#include <glpk.h>
#include <memory>

namespace weir::testing {
namespace {

struct Delete {
  void operator()(glp_prob* problem) const { glp_delete_prob(problem); }
};
using Handle = std::unique_ptr<glp_prob, Delete>;

int bound_kind(double lower, double upper) {
  if (lower == -lp_infinity && upper == lp_infinity) return GLP_FR;
  if (lower == -lp_infinity) return GLP_UP;
  if (upper == lp_infinity) return GLP_LO;
  return lower == upper ? GLP_FX : GLP_DB;
}

Handle build(const LpProblem& problem) {
  glp_term_out(GLP_OFF);
  Handle handle(glp_create_prob());
  auto* lp = handle.get();
  glp_set_obj_dir(lp, GLP_MAX);
  glp_add_cols(lp, static_cast<int>(problem.columns.size()));
  for (std::size_t i = 0; i < problem.columns.size(); ++i) {
    const auto& column = problem.columns[i];
    const auto at = static_cast<int>(i) + 1;
    glp_set_obj_coef(lp, at, column.objective);
    glp_set_col_bnds(lp, at, bound_kind(column.lower, column.upper), column.lower, column.upper);
  }
  if (!problem.rows.empty()) glp_add_rows(lp, static_cast<int>(problem.rows.size()));
  for (std::size_t i = 0; i < problem.rows.size(); ++i) {
    const auto& row = problem.rows[i];
    glp_set_row_bnds(lp, static_cast<int>(i) + 1, bound_kind(row.lower, row.upper), row.lower,
                     row.upper);
  }
  std::vector<int> rows(1), columns(1);
  std::vector<double> values(1);
  for (const auto& entry : problem.entries) {
    rows.push_back(static_cast<int>(entry.row) + 1);
    columns.push_back(static_cast<int>(entry.column) + 1);
    values.push_back(entry.value);
  }
  glp_load_matrix(lp, static_cast<int>(problem.entries.size()), rows.data(), columns.data(),
                  values.data());
  return handle;
}

}  // namespace

Result<LpSolution> GlpkSolver::maximise(const LpProblem& problem) {
  const auto lp = build(problem);
  glp_smcp options;
  glp_init_smcp(&options);
  options.tol_bnd = options.tol_dj = 1e-10;
  if (glp_simplex(lp.get(), &options) != 0) return fail(Errc::failed, "GLPK gave up");
  if (glp_get_status(lp.get()) != GLP_OPT) return fail(Errc::no_capacity, "not feasible");
  LpSolution solution{glp_get_obj_val(lp.get()), {}, {}};
  for (std::size_t i = 0; i < problem.columns.size(); ++i)
    solution.value.push_back(glp_get_col_prim(lp.get(), static_cast<int>(i) + 1));
  for (std::size_t i = 0; i < problem.rows.size(); ++i)
    solution.dual.push_back(glp_get_row_dual(lp.get(), static_cast<int>(i) + 1));
  return solution;
}

Result<LpSolution> maximise_integer(const LpProblem& problem,
                                    const std::vector<std::size_t>& integers) {
  const auto lp = build(problem);
  for (auto i : integers) glp_set_col_kind(lp.get(), static_cast<int>(i) + 1, GLP_IV);
  glp_iocp options;
  glp_init_iocp(&options);
  options.presolve = GLP_ON;
  options.tm_lim = 60'000;
  if (glp_intopt(lp.get(), &options) != 0) return fail(Errc::failed, "GLPK gave up");
  if (glp_mip_status(lp.get()) != GLP_OPT) return fail(Errc::no_capacity, "not feasible");
  LpSolution solution{glp_mip_obj_val(lp.get()), {}, {}};
  for (std::size_t i = 0; i < problem.columns.size(); ++i)
    solution.value.push_back(glp_mip_col_val(lp.get(), static_cast<int>(i) + 1));
  return solution;
}

}  // namespace weir::testing
