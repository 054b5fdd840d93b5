// SPDX-License-Identifier: Apache-2.0
// explain: the chain up to the root, what binds, and why.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/explain.h"

#include "commands.h"
#include "json.h"
#include "report.h"
#include "table.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

Json bytes_json(const std::optional<Bytes>& value) { return value ? Json(value->value) : Json{}; }

std::string cpu_max_words(const ChainLevel& level) {
  return level.cpu_limit ? to_text(*level.cpu_limit) : "max";
}

Json binding_json(const std::optional<Binding>& binding) {
  if (!binding) return {};
  return {{"cgroup", binding->cgroup.str()}, {"file", binding->file}, {"value", binding->value}};
}

Json level_json(const ChainLevel& level, Cores share) {
  return {{"cgroup", level.cgroup.str()},
          {"cpu_weight", level.cpu_weight ? Json(*level.cpu_weight) : Json{}},
          {"cpu_share", as_double(share)},
          {"cpu_max", level.cpu_limit ? Json(as_double(*level.cpu_limit)) : Json{}},
          {"memory_low_bytes", bytes_json(level.memory_low)},
          {"memory_max_bytes", bytes_json(level.memory_max)},
          {"memory_min_bytes", bytes_json(level.memory_min)},
          {"memory_high_bytes", bytes_json(level.memory_high)},
          {"memory_usage_bytes", level.memory_current.value},
          {"frozen", level.frozen}};
}

Json explain_json(const ExplainReport& report) {
  const auto& why = report.explanation;
  Json out;
  out["name"] = report.name;
  out["kind"] = report.kind == ExplainKind::pool ? "pool" : "container";
  out["chain"] = Json::array();
  for (std::size_t i = 0; i < report.chain.levels.size(); ++i)
    out["chain"].push_back(level_json(report.chain.levels[i], why.shares[i]));
  out["binding"] = {{"cpu", binding_json(why.cpu)}, {"memory", binding_json(why.memory)}};
  out["borrowed"] = {{"cpu", as_double(Cores{report.account.borrowed[Resource::cpu]})},
                     {"memory_bytes", report.account.borrowed[Resource::memory]},
                     {"from", report.lender.empty() ? Json{} : Json(report.lender)}};
  out["oom"] =
      why.oom ? Json{{"cgroup", why.oom->cgroup.str()}, {"count", why.oom->count}} : Json{};
  out["reason"] = why.reason;
  return out;
}

std::string memory_words(const std::optional<Bytes>& limit) {
  return limit ? to_text(*limit) : "max";
}

std::string mark(const ExplainReport& report, std::size_t i) {
  const auto& why = report.explanation;
  const auto& cgroup = report.chain.levels[i].cgroup;
  std::vector<std::string> marks;
  if (why.cpu && why.cpu->cgroup == cgroup) marks.push_back("binds " + why.cpu->file);
  if (why.memory && why.memory->cgroup == cgroup) marks.push_back("binds " + why.memory->file);
  if (why.oom && why.oom->cgroup == cgroup) marks.emplace_back("OOM");
  return fmt::format("{}", fmt::join(marks, ", "));
}

Table chain_table(const ExplainReport& report) {
  Table table({{"CGROUP"},
               {"CPU.WEIGHT", Align::right},
               {"SHARE", Align::right},
               {"CPU.MAX", Align::right},
               {"MEMORY.LOW", Align::right},
               {"MEMORY.MAX", Align::right},
               {"USED", Align::right},
               {""}});
  for (std::size_t i = 0; i < report.chain.levels.size(); ++i) {
    const auto& level = report.chain.levels[i];
    table.add({level.cgroup.is_root() ? "/" : level.cgroup.str(),
               level.cpu_weight ? fmt::format("{}", *level.cpu_weight) : "-",
               fmt::format("{:.2f}", as_double(report.explanation.shares[i])), cpu_max_words(level),
               level.memory_low ? to_text(*level.memory_low) : "-", memory_words(level.memory_max),
               level.cgroup.is_root() ? "-" : to_text(level.memory_current), mark(report, i)});
  }
  return table;
}

}  // namespace

Result<int> explain_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto report, explain_named(session, args.name));
  if (args.json) {
    print_json(explain_json(report));
    return 0;
  }
  fmt::print("{}\n\n", report.explanation.reason);
  chain_table(report).print(args);
  return 0;
}

}  // namespace weir::cli
