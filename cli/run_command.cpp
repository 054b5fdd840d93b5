// SPDX-License-Identifier: Apache-2.0
// run: flags to a request, and the exit statuses that are its own.
#include <cmath>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/runtime/agent_client.h"
#include "weir/runtime/run.h"
#include "weir/runtime/seccomp.h"

#include "commands.h"
#include "report.h"

namespace weir::cli {
namespace {

constexpr int refused = 125, wrong_usage = 2;
constexpr std::string_view wait_for_ever = "forever";

template <class T, class Parse>
Status take(const std::optional<std::string>& text, std::string_view flag, Parse parse,
            std::optional<T>& out) {
  if (!text) return {};
  auto parsed = parse(*text);
  if (!parsed) return tl::unexpected(std::move(parsed).error().with(flag));
  out = std::move(*parsed);
  return {};
}

Status take_amounts(const RunArguments& from, RunRequest& to) {
  WEIR_CHECK(take(from.cpus, "--cpus", parse_cores, to.cpu_limit));
  WEIR_CHECK(take(from.cpu_request, "--cpu-request", parse_cores_or_zero, to.cpu_request));
  WEIR_CHECK(take(from.memory, "--memory", parse_bytes, to.memory_limit));
  WEIR_CHECK(take(from.memory_request, "--memory-request", parse_bytes, to.memory_request));
  WEIR_CHECK(take(from.swap, "--swap", parse_bytes, to.swap_limit));
  WEIR_CHECK(take(from.work, "--work", parse_duration, to.work));
  if (to.memory_limit && to.memory_limit->value < page_size)
    return fail(Errc::usage, "--memory: less than one page cannot run anything");
  if (to.cpu_limit && to.cpu_request && *to.cpu_request > *to.cpu_limit)
    return fail(Errc::usage, "--cpu-request is above --cpus");
  if (to.memory_limit && to.memory_request && *to.memory_request > *to.memory_limit)
    return fail(Errc::usage, "--memory-request is above --memory");
  if (from.value && (!std::isfinite(*from.value) || *from.value < 0))
    return fail(Errc::usage, "--value: not a number of 0 or more");
  return {};
}

/// Compiled here already: a wrong profile is a wrong flag, and nothing is started.
Status take_filter(const RunArguments& from, RunRequest& to) {
  to.seccomp = from.seccomp;
  if (!from.seccomp) return {};
  const bool privileged = to.command.user ? to.command.user->uid == 0 : self().uid == 0;
  WEIR_TRY(to.command.filter, seccomp_filter(*from.seccomp, SeccompSource::flag, privileged));
  return {};
}

Status take_wait(const Arguments& args, RunRequest& to) {
  const auto& wait = args.run.wait;
  if (wait.empty()) return {};
  to.wait.emplace();
  if (wait == wait_for_ever) return {};
  WEIR_CHECK(take(std::optional{wait}, "--wait", parse_duration, *to.wait));
  return {};
}

/// Once in words; on a terminal the place is kept up to date on its line.
std::function<void(std::size_t, const std::string&)> place_teller(const Arguments& args) {
  const bool live = ::isatty(STDERR_FILENO) != 0;
  return [live, &args, told = false](std::size_t place, const std::string& reason) mutable {
    if (args.quiet || args.json) return;
    if (place == 0) {
      if (live) fmt::print(stderr, "\r\x1b[K");
      return;
    }
    if (!told) fmt::print(stderr, "weir: waiting for room: {}\n", printable(reason, 1000));
    if (live)
      fmt::print(stderr, "\r\x1b[Kweir: position {} in the queue of pool '{}'", place,
                 args.run.pool);
    else if (!told)
      fmt::print(stderr, "weir: position {} in the queue of pool '{}'\n", place, args.run.pool);
    told = true;
    std::fflush(stderr);
  };
}

Result<RunRequest> make_request(const RunArguments& from) {
  RunRequest to;
  to.pool = from.pool;
  WEIR_CHECK(take(from.name, "--name", ContainerName::parse, to.name));
  WEIR_CHECK(take(from.user, "--user", find_user, to.command.user));
  WEIR_CHECK(take_amounts(from, to));
  WEIR_CHECK(take_filter(from, to));
  to.priority = from.priority;
  to.value = from.value;
  to.leave = from.leave;
  to.command.argv = from.command;
  to.command.chdir = from.chdir;
  to.command.die_with_parent = from.die_with_parent;
  return to;
}

Result<RunOutcome> open_and_run(const Arguments& args, RunRequest request) {
  WEIR_TRY(const bool by_agent, asks_agent(args.options));
  if (by_agent) return run_by_agent(args.options, std::move(request));
  WEIR_TRY(auto session, open_session(args.options));
  return run(session, std::move(request));
}

}  // namespace

int run_command(const Arguments& args) {
  auto request = make_request(args.run);
  if (request)
    if (auto taken = take_wait(args, *request); !taken) request = pass(std::move(taken));
  if (!request) {
    report_run_error(std::move(request).error().with("run"), args);
    return wrong_usage;
  }
  request->tell_place = place_teller(args);
  request->often = ::isatty(STDERR_FILENO) != 0;
  auto outcome = open_and_run(args, std::move(*request));
  if (!outcome) {
    report_run_error(outcome.error(), args);
    return outcome.error().code == Errc::no_capacity ? args.run.refused_status : refused;
  }
  if (outcome->exec_error) report_run_error(*outcome->exec_error, args);
  if (outcome->cleanup) report_run_error(*outcome->cleanup, args);
  return outcome->status;
}

}  // namespace weir::cli
