// SPDX-License-Identifier: Apache-2.0
#include "rebalance_command.h"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/rebalance.h"

#include "json.h"
#include "report.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

Json document(const PoolTree& tree, const RebalanceReport& report) {
  Plan plan;
  for (const auto& write : report.writes) plan.changes.push_back(write.change);
  Json out{{"writes", plan_json(plan)["changes"]}, {"moves", Json::array()}};
  for (std::size_t i = 0; i < report.writes.size(); ++i)
    out["writes"][i]["reason"] = report.writes[i].reason;
  for (const auto& [advice, done, failed] : report.moves)
    out["moves"].push_back({{"container", advice.container},
                            {"from", tree.pools[advice.from].name().str()},
                            {"to", tree.pools[advice.to].name().str()},
                            {"reason", advice.reason},
                            {"cost_bytes", advice.bytes},
                            {"cost_seconds", advice.cost},
                            {"done", done},
                            {"error", failed ? Json(failed->message) : Json{}}});
  return out;
}

void print(const PoolTree& tree, const RebalanceReport& report, bool dry_run) {
  for (const auto& write : report.writes)
    fmt::print("{}/{}: {} -> {}\n  {}\n", write.change.cgroup.str(), write.change.file,
               write.change.from.value_or("-"), write.change.to, write.reason);
  for (const auto& [advice, done, failed] : report.moves) {
    fmt::print("{} {} from {} to {}: {} to move, about {:.1f} s\n  {}\n",
               dry_run ? "would move" : (done ? "moved" : "did not move"), advice.container,
               tree.pools[advice.from].name().str(), tree.pools[advice.to].name().str(),
               to_text(Bytes{advice.bytes}), advice.cost, advice.reason);
    if (failed) fmt::print("  {}\n", failed->message);
  }
}

}  // namespace

Result<int> rebalance_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  const auto acting = args.dry_run ? Acting::only_say : Acting::write;
  WEIR_TRY(const auto report, rebalance(session, acting));
  if (args.json)
    print_json(document(session.tree, report));
  else
    print(session.tree, report, args.dry_run);
  if (report.writes.empty() && report.moves.empty()) note(args, "nothing to rebalance");
  const auto failed = [](const RebalanceMove& entry) { return entry.failed.has_value(); };
  return std::ranges::any_of(report.moves, failed) ? exit_status(Errc::failed) : 0;
}

}  // namespace weir::cli
