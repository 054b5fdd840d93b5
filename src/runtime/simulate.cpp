// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/simulate.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/trace_file.h"
#include "weir/config/parse.h"
#include "weir/config/render.h"
#include "weir/config/resolve.h"

namespace weir {
namespace {

constexpr std::string_view unnamed_pool = "default";  // where jobs go that name none

std::vector<std::string_view> all_policy_names() {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(SimPolicy::srpt); ++i)
    names.push_back(to_text(static_cast<SimPolicy>(i)));
  return names;
}

Result<Trace> read_trace_file(const std::string& path) {
  TraceReader reader(trace_format_of(path), path);
  WEIR_CHECK(read_trace_text(path, [&](std::string_view text) { return reader.feed(text); }));
  return std::move(reader).finish();
}

/// The host as far as the request says nothing else.
Result<Capacity> capacity_for(const Options& options, const SimRequest& request,
                              const Reserve& reserve) {
  Capacity capacity{request.cpus.value_or(Cores{}), request.memory.value_or(Bytes{}), Tasks{}};
  if (request.cpus && request.memory) return capacity;
  WEIR_TRY(const auto host, load_host(options));
  WEIR_TRY(const auto own, capacity_of(host, reserve));
  if (!request.cpus) capacity.cpu = own.cpu;
  if (!request.memory) capacity.memory = own.memory;
  return capacity;
}

/// A host that has what the request says, so that `cpus` of a pool are checked against that.
Result<Host> host_for(const Options& options, const SimRequest& request) {
  WEIR_TRY(auto host, load_host(options));
  if (!request.cpus) return host;
  const auto whole = (request.cpus->value + micro_per_core - 1) / micro_per_core;
  constexpr std::int64_t most = 8192;  // that CpuSet can name
  WEIR_TRY(host.online, CpuSet::parse(fmt::format("0-{}", std::min(whole, most) - 1)));
  return host;
}

double seconds_of(std::optional<std::chrono::milliseconds> slice) {
  constexpr double usual = 1;
  return slice ? std::chrono::duration<double>(*slice).count() : usual;
}

template <class T>
std::int64_t limit_of(const Claim<T>& claim) {
  return claim.limit ? claim.limit->value : unbounded;
}

SimPool sim_pool(const Pool& pool, const SimRequest& request) {
  SimPool out;
  out.name = pool.name().str();
  out.parent = pool.parent;
  out.cpu_shares = pool.cpu.shares;
  out.memory_shares = pool.memory.shares;
  out.reservation = cpu_memory(pool.cpu.reservation.value, pool.memory.reservation.value);
  out.limit[Resource::cpu] = limit_of(pool.cpu);
  out.limit[Resource::memory] = limit_of(pool.memory);
  out.expandable = {pool.cpu.expandable, pool.memory.expandable, true, true};
  out.slice = seconds_of(request.slice ? request.slice : pool.spec.slice_time);
  return out;
}

tl::unexpected<Error> config_mistakes(const Config& config,
                                      const std::vector<Diagnostic>& diagnostics) {
  Error error;
  error.code = Errc::config;
  std::size_t mistakes = 0;
  for (const auto& diagnostic : diagnostics) {
    error.details += render(config, diagnostic);
    if (!error.details.ends_with('\n')) error.details += '\n';
    mistakes += diagnostic.warning ? 0 : 1;
  }
  error.message = fmt::format("{}: {} mistake{}", config.files.front().path, mistakes,
                              mistakes == 1 ? "" : "s");
  return tl::unexpected(std::move(error));
}

/// The pools of the configuration. Where jobs name no pool, host.default_pool takes them.
Status take_configured(const Options& options, const SimRequest& request, Simulation& out) {
  // Nothing is written on its authority, so whoever owns the file may play with it.
  WEIR_TRY(auto files, read_config_files(options.config, Trust::any));
  const auto parsed = parse_config(std::move(files));
  if (!parsed.ok()) return config_mistakes(parsed.config, parsed.diagnostics);
  WEIR_TRY(const auto capacity, capacity_for(options, request, parsed.config.host.reserve));
  WEIR_TRY(const auto host, host_for(options, request));
  const auto resolved = resolve_pools(parsed.config, capacity, host);
  if (!resolved.ok()) return config_mistakes(parsed.config, resolved.diagnostics);
  for (const auto* list : {&parsed.diagnostics, &resolved.diagnostics})
    for (const auto& diagnostic : *list) out.warnings.push_back(render(parsed.config, diagnostic));
  out.host.capacity = cpu_memory(capacity.cpu.value, capacity.memory.value);
  for (const auto& pool : resolved.tree.pools) out.host.pools.push_back(sim_pool(pool, request));
  const auto& otherwise = parsed.config.host.default_pool;
  if (otherwise && !resolved.tree.find(unnamed_pool))
    std::ranges::replace(out.trace.pools, std::string{unnamed_pool}, otherwise->value);
  return {};
}

/// Several recorded pools on a single one: what they want together.
void add_up_demand(Trace& trace) {
  if (trace.pools.size() < 2) return;
  std::vector<DemandSample> wants(trace.pools.size());
  std::int64_t cpu = 0, memory = 0;
  for (auto& sample : trace.demand) {
    auto& last = wants[sample.pool];
    cpu += sample.cpu - last.cpu;
    memory += sample.memory - last.memory;
    last = sample;
    sample = {sample.time, 0, cpu, memory};
  }
}

Status take_single(const Options& options, const SimRequest& request, Simulation& out) {
  WEIR_TRY(const auto capacity, capacity_for(options, request, Reserve{}));
  out.host.capacity = cpu_memory(capacity.cpu.value, capacity.memory.value);
  SimPool pool;
  pool.name = unnamed_pool;
  pool.slice = seconds_of(request.slice);
  out.host.pools.push_back(std::move(pool));
  add_up_demand(out.trace);
  return {};
}

}  // namespace

Result<Simulation> run_simulation(const Options& options, const SimRequest& request,
                                  const SimWatcher& watcher) {
  Simulation out;
  WEIR_TRY(out.trace, read_trace_file(request.trace));
  WEIR_CHECK(request.use_config ? take_configured(options, request, out)
                                : take_single(options, request, out));
  for (const auto policy : request.policies) {
    SimProgress progress;
    if (watcher) progress = [&](double part) { watcher(to_text(policy), part); };
    WEIR_TRY(auto outcome, simulate(out.trace, out.host, policy, progress));
    out.reports.push_back(summarise(out.trace, out.host, outcome));
    out.outcomes.push_back(std::move(outcome));
  }
  return out;
}

Result<std::vector<SimPolicy>> parse_sim_policies(std::string_view list) {
  std::vector<SimPolicy> out;
  for (const auto piece : split(list, ',')) {
    const auto name = trim(piece);
    const auto policy = sim_policy_named(name);
    if (!policy) {
      const auto near = nearest(name, all_policy_names());
      return fail(
          Errc::usage, fmt::format("--policy: '{}' is no policy", printable(name, 40)),
          near.empty() ? "one of " + sim_policy_names() : fmt::format("did you mean '{}'?", near));
    }
    if (std::ranges::find(out, *policy) == out.end()) out.push_back(*policy);
  }
  if (out.empty()) return fail(Errc::usage, "--policy: no policy given", sim_policy_names());
  return out;
}

std::vector<SimPolicy> usual_sim_policies() {
  return {SimPolicy::fair,     SimPolicy::drf,        SimPolicy::fifo,   SimPolicy::round_robin,
          SimPolicy::priority, SimPolicy::throughput, SimPolicy::latency};
}

std::string sim_policy_names() { return fmt::format("{}", fmt::join(all_policy_names(), ", ")); }

}  // namespace weir
