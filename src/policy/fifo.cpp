// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/fifo.h"

#include <algorithm>

namespace weir {
namespace {

/// What a blocked head waits for: when it can start at the earliest, and what is left over then.
struct Shadow {
  double starts_in;
  Resources spare;
};

std::optional<Shadow> shadow_of(const Resources& head, std::vector<FifoRunning> running,
                                Resources free) {
  if (!std::ranges::all_of(running, [](const auto& job) { return job.ends_in.has_value(); }))
    return {};
  std::ranges::stable_sort(running, {}, [](const auto& job) { return *job.ends_in; });
  for (const auto& job : running) {
    free += job.request;
    if (head.fits(free)) return Shadow{*job.ends_in, free - head};
  }
  return {};
}

}  // namespace

std::vector<std::size_t> admit_fifo(std::span<const FifoJob> waiting,
                                    std::span<const FifoRunning> running, Resources free,
                                    Backfill backfill) {
  std::vector<std::size_t> started;
  std::vector<FifoRunning> active(running.begin(), running.end());
  std::size_t head = 0;
  for (; head < waiting.size() && waiting[head].request.fits(free); ++head) {
    started.push_back(head);
    active.push_back({waiting[head].request, waiting[head].run_time});
    free -= waiting[head].request;
  }
  if (backfill == Backfill::no || head == waiting.size()) return started;

  auto shadow = shadow_of(waiting[head].request, std::move(active), free);
  for (std::size_t i = head + 1; i < waiting.size(); ++i) {
    const auto& job = waiting[i];
    if (!job.request.fits(free)) continue;
    const bool gone_by_then = shadow && job.run_time && *job.run_time <= shadow->starts_in;
    if (shadow && !gone_by_then) {
      if (!job.request.fits(shadow->spare)) continue;
      shadow->spare -= job.request;
    }
    started.push_back(i);
    free -= job.request;
  }
  return started;
}

}  // namespace weir
