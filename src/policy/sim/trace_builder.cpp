// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/base/units.h"

#include "sim/trace_lines.h"

namespace weir::sim {
namespace {

constexpr double longest = 1e12;  // seconds: thirty thousand years is a mistake
constexpr double most_memory = static_cast<double>(max_bytes.value);
constexpr double most_cores = static_cast<double>(max_cores.value) / micro_per_core;

std::optional<std::string> check(std::string_view name, std::optional<double> value, double least,
                                 double most) {
  if (!value) return fmt::format("{} is missing", name);
  if (*value < least) return fmt::format("{} {} is below {}", name, *value, least);
  if (*value > most) return fmt::format("{} {} is above {}", name, *value, most);
  return {};
}

std::optional<std::string> check_whole(std::string_view name, double value) {
  if (value == std::floor(value)) return {};
  return fmt::format("{} {} is not a whole number", name, value);
}

std::optional<std::string> check_order(std::string_view name, double value, double last) {
  if (value >= last) return {};
  return fmt::format("{} {} lies before {}, the one above it: sort the trace", name, value, last);
}

/// The first complaint of several.
template <class... Complaints>
std::optional<std::string> first(Complaints... complaints) {
  std::optional<std::string> found;
  ((found = found ? found : complaints), ...);
  return found;
}

}  // namespace

std::optional<double> to_finite(std::string_view text) {
  const auto value = to_number<double>(text);
  if (!value || !std::isfinite(*value)) return {};
  return value;
}

std::optional<std::string> set_field(RawRecord& record, std::string_view key,
                                     std::string_view value) {
  const auto set_text = [&](std::optional<std::string>& field) -> std::optional<std::string> {
    if (field) return fmt::format("{} stands here twice", key);
    if (value.empty()) return fmt::format("{} is empty", key);
    field = std::string(value);
    return {};
  };
  const auto set_number = [&](std::optional<double>& field) -> std::optional<std::string> {
    if (field) return fmt::format("{} stands here twice", key);
    field = to_finite(value);
    if (!field) return fmt::format("{} '{}' is not a number", key, printable(value, 40));
    return {};
  };
  if (key == "id") return set_text(record.id);
  if (key == "pool") return set_text(record.pool);
  if (key == "user") return set_text(record.user);
  if (key == "arrival") return set_number(record.arrival);
  if (key == "cpu_s") return set_number(record.cpu_s);
  if (key == "memory") return set_number(record.memory);
  if (key == "threads") return set_number(record.threads);
  if (key == "priority") return set_number(record.priority);
  if (key == "time") return set_number(record.time);
  if (key == "cpu") return set_number(record.cpu);
  return fmt::format("unknown column '{}'", printable(key, 40));
}

std::uint32_t TraceBuilder::intern(Names& names, std::vector<std::string>& list,
                                   const std::string& name) {
  const auto [at, is_new] = names.try_emplace(name, static_cast<std::uint32_t>(list.size()));
  if (is_new) list.push_back(name);
  return at->second;
}

std::optional<std::string> TraceBuilder::add(const RawRecord& record) {
  const bool is_demand = record.time || record.cpu;
  if (is_demand && (record.id || record.arrival || record.cpu_s))
    return "a line is either a job or a sample of demand";
  if (is_demand ? !trace_.jobs.empty() : !trace_.demand.empty())
    return "jobs and samples of demand stand in different files";
  return is_demand ? add_demand(record) : add_job(record);
}

std::optional<std::string> TraceBuilder::add_job(const RawRecord& record) {
  if (!record.id) return "id is missing";
  const double threads = record.threads.value_or(1), priority = record.priority.value_or(0);
  if (auto wrong = first(check("arrival", record.arrival, 0, longest),
                         check("cpu_s", record.cpu_s, 1e-9, longest),
                         check("memory", record.memory, 0, most_memory),
                         check("threads", threads, 1, most_cores), check_whole("threads", threads),
                         check("priority", priority, -1e9, 1e9), check_whole("priority", priority)))
    return wrong;
  if (!trace_.jobs.empty())
    if (auto wrong = check_order("arrival", *record.arrival, trace_.jobs.back().arrival))
      return wrong;
  const auto pool = record.pool.value_or("default");
  Job job{*record.id,
          *record.arrival,
          *record.cpu_s,
          static_cast<std::int64_t>(*record.memory),
          static_cast<std::int64_t>(threads),
          static_cast<std::int64_t>(priority),
          intern(pools_, trace_.pools, pool),
          intern(owners_, trace_.owners, record.user.value_or(pool))};
  trace_.jobs.push_back(std::move(job));
  return {};
}

std::optional<std::string> TraceBuilder::add_demand(const RawRecord& record) {
  if (auto wrong =
          first(check("time", record.time, 0, longest), check("cpu", record.cpu, 0, most_cores),
                check("memory", record.memory, 0, most_memory)))
    return wrong;
  if (!trace_.demand.empty())
    if (auto wrong = check_order("time", *record.time, trace_.demand.back().time)) return wrong;
  trace_.demand.push_back({*record.time,
                           intern(pools_, trace_.pools, record.pool.value_or("default")),
                           std::llround(*record.cpu * static_cast<double>(micro_per_core)),
                           static_cast<std::int64_t>(*record.memory)});
  return {};
}

}  // namespace weir::sim
