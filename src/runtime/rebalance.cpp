// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/rebalance.h"

#include <chrono>
#include <thread>

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

/// Three samples: an overage has to last for as many before anything moves.
constexpr int looks = 4;
constexpr std::chrono::milliseconds between_looks{600};
constexpr std::chrono::minutes decisions_hold{10};

double seconds_now() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

}  // namespace

Result<RebalanceReport> rebalance(Session& session, Acting acting) {
  WEIR_TRY(auto claim, session.run_dir.claim("rebalance"));
  DirectUsage usage(session.io);
  DynamicAllocator allocator(session, usage);
  std::vector<MoveAdvice> moves;
  for (int i = 0; i < looks; ++i) {
    if (i > 0) std::this_thread::sleep_for(between_looks);
    allocator.observe(seconds_now());
    if (i > 0) moves = allocator.advise(seconds_now());
  }
  RebalanceReport report;
  WEIR_TRY(report.writes, allocator.adjust(seconds_now(), acting));
  for (auto& advice : moves) report.moves.push_back({std::move(advice), false, {}});
  if (acting == Acting::only_say) return report;
  WEIR_CHECK(allocator.publish(decisions_hold));
  for (auto& entry : report.moves) {
    auto moved = allocator.carry_out(entry.advice, seconds_now());
    entry.done = moved.has_value();
    if (!moved) entry.failed = std::move(moved).error();
  }
  return report;
}

}  // namespace weir
