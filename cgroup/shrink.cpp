// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/shrink.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <thread>

#include "weir/base/text.h"
#include "weir/cgroup/count_in.h"
#include "weir/cgroup/files.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int rounds_in_vain = 3;  // without a page freed: it cannot be done
constexpr milliseconds nap{20};

Bytes read_bytes(CgroupIo& io, const CgroupPath& cgroup, std::string_view name) {
  return Bytes{count_in(io, cgroup, name).value_or(0)};
}

std::uint64_t high_events(CgroupIo& io, const CgroupPath& cgroup) {
  const auto text = io.read(cgroup, file::memory_events);
  return text ? flat_value(*text, "high").value_or(0) : 0;
}

Bytes free_swap() {
  const auto text = read_small_file("/proc/meminfo");
  return text ? meminfo_value(*text, "SwapFree").value_or(Bytes{}) : Bytes{};
}

/// A little below the limit, so that what is allocated between two looks still fits under it.
Bytes with_margin(Bytes limit) {
  constexpr std::int64_t most = std::int64_t{4} << 20, part = 64, page = 4096;
  return Bytes{std::max(page, limit.value - std::min(most, limit.value / part))};
}

/// memory.high as it was, put back whatever happens.
class LoweredHigh {
 public:
  static Result<LoweredHigh> lower(CgroupIo& io, const CgroupPath& cgroup, Bytes high) {
    WEIR_TRY(const auto text, io.read(cgroup, file::memory_high));
    const auto before = limit_number(trim(text));
    LoweredHigh out(io, cgroup, std::string{trim(text)});
    if (before && *before <= high.value) return out;
    WEIR_CHECK(io.write(cgroup, file::memory_high, memory_text(high)));
    out.lowered_ = true;
    return out;
  }
  LoweredHigh(LoweredHigh&& other) noexcept
      : io_(other.io_),
        cgroup_(other.cgroup_),
        before_(std::move(other.before_)),
        lowered_(std::exchange(other.lowered_, false)) {}
  LoweredHigh& operator=(LoweredHigh&&) = delete;
  ~LoweredHigh() { ignore(restore(), "nobody is left to be told; verify shows it"); }

  Status restore() {
    if (!std::exchange(lowered_, false)) return {};
    return io_.write(cgroup_, file::memory_high, before_);
  }

 private:
  LoweredHigh(CgroupIo& io, const CgroupPath& cgroup, std::string before)
      : io_(io), cgroup_(cgroup), before_(std::move(before)) {}
  CgroupIo& io_;
  CgroupPath cgroup_;
  std::string before_;
  bool lowered_ = false;
};

/// What goes to swap stays charged until the disk has it.
bool is_being_written(CgroupIo& io, const CgroupPath& cgroup) {
  const auto text = io.read(cgroup, file::memory_stat);
  return text && flat_value(*text, "writeback").value_or(0) > 0;
}

/// Rounds of memory.reclaim, under a memory.high that is in force already.
Squeeze press(CgroupIo& io, const CgroupPath& cgroup, Bytes limit, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  Squeeze out;
  out.before = out.after = read_bytes(io, cgroup, file::memory_current);
  const auto events = high_events(io, cgroup);
  for (int in_vain = 0; out.after > limit;) {
    // EAGAIN: less than asked for came free (kernel.md #26); what counts is how much is there.
    ignore(io.write(cgroup, file::memory_reclaim, fmt::format("{}", (out.after - limit).value)),
           "the next look tells");
    const auto now = read_bytes(io, cgroup, file::memory_current);
    in_vain = now < out.after || is_being_written(io, cgroup) ? 0 : in_vain + 1;
    const bool stands_still = now >= out.after;
    out.after = now;
    if (in_vain >= rounds_in_vain || Clock::now() > deadline) break;
    if (stands_still) std::this_thread::sleep_for(nap);
  }
  if (out.after > limit) out.missing = out.after - limit;
  out.pressed_in_vain = !out.done() && high_events(io, cgroup) > events;
  return out;
}

}  // namespace

Bytes unreclaimable(CgroupIo& io, const CgroupPath& cgroup) {
  const auto held = read_bytes(io, cgroup, file::memory_current);
  const auto stat = io.read(cgroup, file::memory_stat);
  if (!stat) return held;
  const auto value = [&](std::string_view key) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(flat_value(*stat, key).value_or(0), std::uint64_t{1} << 60));
  };
  auto free = value("active_file") + value("inactive_file") + value("slab_reclaimable");
  const auto swap = io.read(cgroup, file::memory_swap_max);
  const auto swap_limit = swap ? limit_number(trim(*swap)) : std::optional<std::int64_t>{0};
  const auto swapped = read_bytes(io, cgroup, file::memory_swap_current).value;
  const auto anonymous = value("active_anon") + value("inactive_anon");
  const auto room = std::min(swap_limit ? *swap_limit - swapped : anonymous, free_swap().value);
  // What has its place in swap already, and is only still in memory, needs none.
  free += std::clamp<std::int64_t>(room + value("swapcached"), 0, anonymous);
  return Bytes{std::max<std::int64_t>(0, held.value - free)};
}

Result<Squeeze> squeeze(CgroupIo& io, const CgroupPath& cgroup, Bytes limit,
                        milliseconds patience) {
  WEIR_TRY(auto high, LoweredHigh::lower(io, cgroup, with_margin(limit)));
  auto out = press(io, cgroup, limit, patience);
  WEIR_CHECK(high.restore());
  return out;
}

Result<Squeeze> lower_memory_max(CgroupIo& io, const CgroupPath& cgroup, Bytes limit,
                                 milliseconds patience) {
  Squeeze far_below;
  far_below.before = far_below.after = read_bytes(io, cgroup, file::memory_current);
  // Nobody doubles what it holds between a look and a write.
  if (far_below.after.value <= limit.value / 2) {
    WEIR_CHECK(io.write(cgroup, file::memory_max, memory_text(limit)));
    return far_below;
  }
  WEIR_TRY(auto high, LoweredHigh::lower(io, cgroup, with_margin(limit)));
  auto out = press(io, cgroup, limit, patience);
  if (out.done()) WEIR_CHECK(io.write(cgroup, file::memory_max, memory_text(limit)));
  WEIR_CHECK(high.restore());
  return out;
}

}  // namespace weir
