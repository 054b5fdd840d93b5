// SPDX-License-Identifier: Apache-2.0
#include "agent/dynamic_part.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/cgroup/pressure_trigger.h"
#include "weir/model/kernel_files.h"
#include "weir/runtime/apply.h"
#include "weir/runtime/audit.h"
#include "weir/runtime/metrics.h"
#include "weir/runtime/status.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Between two looks that pressure asked for.
constexpr milliseconds shortest_gap{500};
constexpr seconds between_repairs{30};
constexpr seconds between_metrics{5};
/// Trouble of a tenth of a second within a second is worth a look.
constexpr milliseconds trouble{100}, window{1000};

double seconds_of(AgentTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

DynamicPart::~DynamicPart() = default;

Status DynamicPart::configure(Session& session, AgentLoop& loop) {
  disarm_triggers();
  allocator_.reset();
  session_ = &session;
  loop_ = &loop;
  WEIR_TRY(auto root, session.io.directory(CgroupPath{}));
  watcher_ = std::make_unique<UsageWatcher>(std::move(root));
  allocator_ = std::make_unique<DynamicAllocator>(session, *watcher_);
  next_ = AgentTime{};
  return {};
}

Status DynamicPart::on_ready(int, AgentTime now) {
  next_ = std::min(next_, std::max(now, last_ + shortest_gap));
  return {};
}

Result<std::optional<AgentTime>> DynamicPart::on_tick(AgentTime now) {
  if (now >= next_) {
    next_ = now + interval_;
    last_ = now;
    WEIR_CHECK(look(now));
  }
  return std::optional{next_};
}

Status DynamicPart::look(AgentTime now) {
  // A `weir rebalance` is at work: what it decides holds until the next look.
  const auto claim = session_->run_dir.claim("rebalance");
  if (!claim && claim.error().code == Errc::conflict) return {};
  if (allocator_->anything_to_do()) WEIR_CHECK(act(seconds_of(now)));
  if (now >= next_repair_) {
    next_repair_ = now + between_repairs;
    WEIR_CHECK(repair_drift());
  }
  if (metrics_file_ && now >= next_metrics_) {
    next_metrics_ = now + between_metrics;
    WEIR_CHECK(write_metrics());
  }
  return {};
}

Status DynamicPart::act(double time) {
  allocator_->observe(time);
  arm_triggers();
  auto writes = allocator_->adjust(time, Acting::write);
  if (writes)
    for (const auto& write : *writes)
      audit(session_->audit_log, {.what = "adjust",
                                  .pool = session_->tree.pools[write.pool].name().str(),
                                  .result = "done",
                                  .reason = write.reason});
  const auto valid = std::chrono::ceil<seconds>(3 * interval_) + seconds{10};
  WEIR_CHECK(allocator_->publish(valid));
  if (!writes) return tl::unexpected(std::move(writes).error());
  for (const auto& advice : allocator_->advise(time))
    WEIR_CHECK(allocator_->carry_out(advice, time));
  return {};
}

Status DynamicPart::repair_drift() {
  WEIR_TRY(const auto drift, verify(*session_, true));
  for (const auto& entry : drift)
    audit(session_->audit_log,
          {.what = "repair",
           .result = entry.repaired ? "done" : "failed",
           .reason = fmt::format("{}/{} was {}, is to be {}", entry.cgroup.str(), entry.file,
                                 entry.kernel.value_or("absent"), entry.wanted)});
  return {};
}

Status DynamicPart::write_metrics() {
  WEIR_TRY(const auto now, status(*session_, milliseconds{0}));
  return write_metrics_file(*metrics_file_, measure(session_->io, session_->tree, now));
}

void DynamicPart::arm_triggers() {
  for (std::size_t i = 0; i < session_->tree.pools.size(); ++i) {
    const auto& pool = session_->tree.pools[i];
    if (pool.spec.mode != Mode::dynamic || !pool.children.empty() || triggers_.contains(i))
      continue;
    const auto directory = session_->io.directory(pool.path);
    if (!directory) continue;
    auto trigger = watch_pressure(*directory, file::memory_pressure, trouble, window);
    // A kernel without PSI has none; the interval has to do.
    if (!trigger || !loop_->watch(trigger->get(), Interest::priority, *this)) {
      triggers_.emplace(i, UniqueFd{});
      continue;
    }
    triggers_.emplace(i, std::move(*trigger));
  }
}

void DynamicPart::disarm_triggers() {
  for (const auto& [pool, trigger] : triggers_)
    if (trigger) loop_->unwatch(trigger.get());
  triggers_.clear();
}

Status DynamicPart::stop() {
  disarm_triggers();
  if (!allocator_ || !allocator_->anything_to_do()) return {};  // or it was never configured
  return end_dynamics(*session_);
}

}  // namespace weir
