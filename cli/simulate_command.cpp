// SPDX-License-Identifier: Apache-2.0
// simulate: what each policy would have made of a trace.
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "weir/base/text.h"
#include "weir/cgroup/trace_file.h"

#include "commands.h"
#include "json.h"
#include "report.h"
#include "simulate.h"

namespace weir::cli {
namespace {

/// One line on stderr that is drawn over and over, and only where somebody would wait without it.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted) : wanted_(wanted && ::isatty(STDERR_FILENO) == 1) {}
  ~ProgressBar() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::string_view what, double part) {
    using namespace std::chrono_literals;
    const auto now = std::chrono::steady_clock::now();
    if (!wanted_ || now - began_ < 1s || now - drawn_ < 100ms) return;
    drawn_ = now;
    shown_ = true;
    constexpr int width = 30;
    const int done = static_cast<int>(part * width);
    fmt::print(stderr, "\r\x1b[K{:20} [{:#<{}}{:.<{}}] {:3.0f}%", what, "", done, "", width - done,
               part * 100);
    std::fflush(stderr);
  }

 private:
  bool wanted_, shown_ = false;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now(), drawn_{};
};

/// An error of a flag's value, with the flag in front.
template <class T>
Result<T> of_flag(std::string_view flag, Result<T> value) {
  if (value) return value;
  return tl::unexpected(std::move(value).error().with(flag));
}

Result<SimRequest> request_of(const Arguments& args) {
  const auto& given = args.simulate;
  SimRequest request;
  request.trace = given.trace;
  request.use_config = args.config_given;
  request.policies = usual_sim_policies();
  if (given.policies) {
    WEIR_TRY(request.policies, parse_sim_policies(*given.policies));
  }
  if (given.cpus) {
    WEIR_TRY(request.cpus, of_flag("--cpus", parse_cores(*given.cpus)));
  }
  if (given.memory) {
    WEIR_TRY(request.memory, of_flag("--memory", parse_bytes(*given.memory)));
  }
  if (given.slice) {
    WEIR_TRY(request.slice, of_flag("--slice", parse_duration(*given.slice)));
    if (request.slice->count() < 1)
      return fail(Errc::usage, "--slice: a slice must take some time", "--slice 1s");
  }
  return request;
}

/// Finish times are told by id.
Status check_ids(const Trace& trace, const std::string& file) {
  std::unordered_set<std::string_view> seen;
  for (const auto& job : trace.jobs)
    if (!seen.insert(job.id).second)
      return fail(
          Errc::failed,
          fmt::format("{}: two jobs are called '{}'", printable(file, 400), printable(job.id)),
          "--jobs wants ids that differ");
  return {};
}

void note_left_out(const Arguments& args, const Simulation& simulation) {
  for (const auto& warning : simulation.warnings) note(args, warning);
  if (simulation.trace.skipped > 0)
    note(args, fmt::format("{} jobs of the trace never ran there and are left out",
                           simulation.trace.skipped));
  for (const auto& report : simulation.reports)
    if (report.all.refused > 0)
      note(args, fmt::format("{}: {} jobs can never fit and were refused", to_text(report.policy),
                             report.all.refused));
}

}  // namespace

Result<int> simulate_command(const Arguments& args) {
  WEIR_TRY(const auto request, request_of(args));
  const auto& page = args.simulate.page;
  if (page) WEIR_CHECK(check_page_path(*page));
  auto simulated = [&] {
    ProgressBar bar(!args.quiet);
    return run_simulation(args.options, request,
                          [&](std::string_view what, double part) { bar.show(what, part); });
  }();
  WEIR_TRY(const auto simulation, std::move(simulated));
  if (args.simulate.jobs) WEIR_CHECK(check_ids(simulation.trace, request.trace));
  if (page) WEIR_CHECK(write_page(*page, simulation_page(simulation, request.trace)));
  note_left_out(args, simulation);
  if (args.json)
    print_json(simulation_json(simulation, args.simulate.jobs));
  else
    print_simulation(simulation, args);
  return 0;
}

}  // namespace weir::cli
