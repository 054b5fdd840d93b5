// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/clp_solver.h"

#include <algorithm>
#include <coin/Clp_C_Interface.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <functional>
#include <numeric>
#include <optional>

namespace weir {
namespace {

// The library stays loaded: unloading one with static C++ objects gains nothing and can crash.
class Library {
 public:
  static Result<Library> load() {
    Library library;
    library.handle_ = ::dlopen(WEIR_CLP_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (library.handle_ == nullptr)
      return fail(Errc::unsupported, fmt::format("no LP solver: {}", ::dlerror()),
                  "install coinor-libclp1, or use a policy other than throughput");
    WEIR_CHECK(library.find_all());
    return library;
  }

#define WEIR_CLP_FUNCTIONS(each)                                                              \
  each(newModel) each(deleteModel) each(loadProblem) each(setLogLevel)                        \
      each(setOptimizationDirection) each(initialDualSolve) each(status) each(objectiveValue) \
          each(primalColumnSolution) each(dualRowSolution)
#define WEIR_DECLARE(name) decltype(&::Clp_##name) name = nullptr;
  WEIR_CLP_FUNCTIONS(WEIR_DECLARE)

 private:
  Status find_all() {
#define WEIR_FIND(name)                                                    \
  name = reinterpret_cast<decltype(name)>(::dlsym(handle_, "Clp_" #name)); \
  if (name == nullptr) return fail(Errc::unsupported, "libClp has no Clp_" #name);
    WEIR_CLP_FUNCTIONS(WEIR_FIND)
    return {};
  }
  void* handle_ = nullptr;
};

/// The matrix column by column, as CLP takes it.
struct Columns {
  std::vector<CoinBigIndex> start;
  std::vector<int> row;
  std::vector<double> value;

  explicit Columns(const LpProblem& problem)
      : start(problem.columns.size() + 1),
        row(problem.entries.size()),
        value(problem.entries.size()) {
    for (const auto& entry : problem.entries) ++start[entry.column + 1];
    std::partial_sum(start.begin(), start.end(), start.begin());
    auto next = start;
    for (const auto& entry : problem.entries) {
      const auto at = static_cast<std::size_t>(next[entry.column]++);
      row[at] = static_cast<int>(entry.row);
      value[at] = entry.value;
    }
  }
};

template <class Items, class Get>
std::vector<double> pick(const Items& items, Get get) {
  std::vector<double> values;
  for (const auto& item : items) values.push_back(std::invoke(get, item));
  return values;
}

class ClpSolver : public LpSolver {
 public:
  Result<LpSolution> maximise(const LpProblem& problem) override {
    if (!library_) {
      WEIR_TRY(library_, Library::load());
    }
    const std::unique_ptr<Clp_Simplex, decltype(library_->deleteModel)> model(
        library_->newModel(), library_->deleteModel);
    load(model.get(), problem);
    library_->initialDualSolve(model.get());
    switch (library_->status(model.get())) {
      case 0:
        return solution(model.get(), problem);
      case 1:
        return fail(Errc::no_capacity, "the reservations exceed what there is");
      case 2:
        return fail(Errc::failed, "the value of the pool has no bound");
      default:
        return fail(Errc::failed, "the LP solver gave up");
    }
  }

 private:
  void load(Clp_Simplex* model, const LpProblem& problem) {
    const Columns matrix(problem);
    const auto lower = pick(problem.columns, &LpProblem::Column::lower);
    const auto upper = pick(problem.columns, &LpProblem::Column::upper);
    const auto objective = pick(problem.columns, &LpProblem::Column::objective);
    const auto row_lower = pick(problem.rows, &LpProblem::Row::lower);
    const auto row_upper = pick(problem.rows, &LpProblem::Row::upper);
    library_->setLogLevel(model, 0);
    library_->loadProblem(model, static_cast<int>(problem.columns.size()),
                          static_cast<int>(problem.rows.size()), matrix.start.data(),
                          matrix.row.data(), matrix.value.data(), lower.data(), upper.data(),
                          objective.data(), row_lower.data(), row_upper.data());
    constexpr double maximise = -1;
    library_->setOptimizationDirection(model, maximise);
  }

  [[nodiscard]] LpSolution solution(Clp_Simplex* model, const LpProblem& problem) const {
    const double* value = library_->primalColumnSolution(model);
    const double* dual = library_->dualRowSolution(model);
    LpSolution result{
        0, {value, value + problem.columns.size()}, {dual, dual + problem.rows.size()}};
    for (std::size_t i = 0; i < problem.columns.size(); ++i)
      result.objective += problem.columns[i].objective * value[i];
    return result;
  }

  std::optional<Library> library_;
};

}  // namespace

std::unique_ptr<LpSolver> make_clp_solver() { return std::make_unique<ClpSolver>(); }

}  // namespace weir
