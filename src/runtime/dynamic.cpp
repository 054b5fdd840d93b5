// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/dynamic.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "weir/base/text.h"
#include "weir/cgroup/executor.h"
#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/desired.h"
#include "weir/policy/io.h"

#include "dynamic_samples.h"
#include "dynamic_state.h"
#include "dynamics_notes.h"

namespace weir {
namespace {

std::int64_t unreclaimable(const PoolSample& sample) {
  return std::max<std::int64_t>(0, sample.current - sample.reclaimable);
}

std::optional<std::string> read_trimmed(CgroupIo& io, const CgroupPath& path,
                                        std::string_view file) {
  const auto text = io.read(path, file);
  if (!text) return std::nullopt;
  return std::string{trim(*text)};
}

/// memory.high in steps of a page, as the kernel keeps it.
DynamicWrite high_write(const PoolTree& tree, std::size_t i, const GovernedPool& before,
                        std::int64_t high) {
  const auto& pool = tree.pools[i];
  const auto from = before.high ? std::optional{Bytes{*before.high}} : std::nullopt;
  const bool less = !before.high || high < *before.high;
  DynamicWrite out;
  out.pool = i;
  out.change = {less ? Phase::lower : Phase::raise,
                Op::write,
                pool.path,
                std::string{file::memory_high},
                memory_text(from),
                memory_text(Bytes{high}),
                {}};
  out.reason = fmt::format("pool '{}' holds {} of what {} {}", pool.name().str(),
                           to_text(Bytes{before.current}),
                           less ? "others want back: down to" : "nobody else wants: up to",
                           to_text(page_floor(Bytes{high})));
  return out;
}

}  // namespace

void DynamicAllocator::State::take_over() {
  const auto notes = read_dynamics(session);
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (!notes[i] || session.tree.pools[i].spec.mode != Mode::dynamic) continue;
    tracks[i].decided_high = notes[i]->memory_high;
    tracks[i].decided_io = notes[i]->io;
  }
}

void DynamicAllocator::State::remember(const std::vector<DynamicWrite>& done) {
  for (const auto& write : done) {
    auto& track = tracks[write.pool];
    if (write.change.file == file::memory_high) {
      if (const auto bytes = limit_number(write.change.to)) track.decided_high = Bytes{*bytes};
    } else if (const auto line = parse_io_max(write.change.to)) {
      if (!track.decided_io) track.decided_io = io_limits(session.tree)[write.pool];
      for (const auto& [device, rates] : *line) (*track.decided_io)[device] = rates;
    }
  }
}

void DynamicAllocator::State::look(double time) {
  const auto& tree = session.tree;
  for (std::size_t i = 0; i < tree.pools.size(); ++i) look_at_pool(i, time);
  roster.refresh(session);
  for (auto& [name, entry] : roster.members) {
    TimedReading now{time, {}};
    if (!usage.read(entry.path, Detail::container, now.reading)) continue;
    if (entry.last)
      entry.sample = sample_between(*entry.last, now, {cpuset_of(entry.pool), entry.cpu_limit});
    entry.last = std::move(now);
  }
}

void DynamicAllocator::State::look_at_pool(std::size_t i, double time) {
  const auto& pool = session.tree.pools[i];
  auto& track = tracks[i];
  TimedReading now{time, {}};
  track.exists = usage.read(pool.path, Detail::pool, now.reading);
  if (!track.exists) {
    track = Track{};
    return;
  }
  if (track.last) {
    const auto limit = session.tree.effective_cpu_limit(i).value;
    track.sample = sample_between(*track.last, now, {cpuset_of(i), limit});
    track.demand = track.estimator.update(*track.sample);
    track.io = io_between(*track.last, now);
  }
  track.last = std::move(now);
}

std::optional<std::int64_t> DynamicAllocator::State::cpuset_of(std::size_t pool) const {
  for (const auto i : session.tree.chain(pool))
    if (const auto& cpus = session.tree.pools[i].cpus)
      return static_cast<std::int64_t>(cpus->size());
  return std::nullopt;
}

bool DynamicAllocator::State::is_governed(std::size_t i) const {
  const auto& pool = session.tree.pools[i];
  return pool.spec.mode == Mode::dynamic && pool.children.empty() && tracks[i].exists &&
         tracks[i].sample.has_value();
}

/// The leaves among the pools as the governor sees them, with memory.current read again.
std::vector<GovernedPool> DynamicAllocator::State::governed(
    const std::vector<std::int64_t>& targets) {
  std::vector<GovernedPool> out(tracks.size());
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const auto& pool = session.tree.pools[i];
    if (!tracks[i].exists || !pool.children.empty()) continue;
    auto& entry = out[i];
    const auto current = session.io.read(pool.path, file::memory_current);
    const auto bytes = current ? parse_count(*current) : Result<std::int64_t>{0};
    entry.current = bytes ? *bytes : 0;
    entry.target = targets[i];
    entry.wants_all = tracks[i].demand.wants_all;
    entry.governed = is_governed(i);
    if (!entry.governed) continue;
    entry.unreclaimable = unreclaimable(*tracks[i].sample);
    entry.some = tracks[i].sample->memory_some;
    if (const auto text = read_trimmed(session.io, pool.path, file::memory_high))
      entry.high = limit_number(*text);
  }
  return out;
}

Result<std::vector<DynamicWrite>> DynamicAllocator::State::carry_out(
    std::vector<DynamicWrite> writes, Acting acting) {
  if (acting == Acting::only_say || writes.empty()) return writes;
  Plan plan;
  for (const auto& write : writes) plan.changes.push_back(write.change);
  const auto report = execute(session.io, plan);
  writes.resize(report.done);
  remember(writes);
  if (report.stopped_by) return tl::unexpected(*report.stopped_by);
  return writes;
}

Result<std::vector<DynamicWrite>> DynamicAllocator::State::adjust_memory(double time,
                                                                         Acting acting) {
  std::vector<PoolDemand> demands;
  for (const auto& track : tracks) demands.push_back(track.demand);
  const auto targets = divide_memory(session.tree, demands);
  const auto to_writes = [&](const std::vector<HighWrite>& writes,
                             const std::vector<GovernedPool>& before) {
    std::vector<DynamicWrite> out;
    for (const auto& write : writes)
      out.push_back(high_write(session.tree, write.leaf, before[write.leaf], write.high));
    return out;
  };
  auto before = governed(targets);
  const auto down = governor.shrink(time, before);
  WEIR_TRY(auto done, carry_out(to_writes(down, before), acting));
  if (acting == Acting::write && !down.empty()) before = governed(targets);
  // What only_say would have lowered counts as lowered.
  if (acting == Acting::only_say)
    for (const auto& write : down) before[write.leaf].high = write.high;
  WEIR_TRY(auto up, carry_out(to_writes(governor.grow(time, before), before), acting));
  std::ranges::move(up, std::back_inserter(done));
  return done;
}

Result<std::vector<DynamicWrite>> DynamicAllocator::State::adjust_io(double time, Acting acting) {
  std::vector<IoUse> used;
  for (const auto& track : tracks) used.push_back(track.io);
  const auto wanted = io_limits_by_demand(session.tree, used);
  std::vector<DynamicWrite> writes;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!is_governed(i)) continue;
    for (const auto& [device, rates] : wanted[i])
      if (auto write = io_write(i, device, rates, time)) writes.push_back(std::move(*write));
  }
  // Who gives goes first.
  std::ranges::stable_sort(
      writes, {}, [](const DynamicWrite& write) { return write.change.phase == Phase::raise; });
  return carry_out(std::move(writes), acting);
}

std::optional<DynamicWrite> DynamicAllocator::State::io_write(std::size_t i, DeviceNumber device,
                                                              const IoRates& wanted, double time) {
  const auto& pool = session.tree.pools[i];
  auto& track = tracks[i];
  const auto text = read_trimmed(session.io, pool.path, file::io_max);
  const auto now = text ? parse_io_max(*text) : Result<IoMax>{IoMax{}};
  if (!now) return std::nullopt;
  const auto at = now->find(device);
  const auto before = at == now->end() ? IoRates{} : at->second;
  auto decided = before;
  bool changed = false;
  for (const auto rate : all_io_rates) {
    if (!wanted[rate]) continue;
    auto& damper =
        track.io_dampers.try_emplace({device, rate}, *wanted[rate], io_max_dwell).first->second;
    const auto value = damper.update(time, *wanted[rate]);
    if (!value || before[rate] == value) continue;
    decided[rate] = *value;
    changed = true;
  }
  if (!changed) return std::nullopt;
  DynamicWrite out;
  out.pool = i;
  const bool less = before[IoRate::read_bps] > decided[IoRate::read_bps] ||
                    before[IoRate::write_bps] > decided[IoRate::write_bps];
  out.change = {less ? Phase::lower : Phase::raise,
                Op::write,
                pool.path,
                std::string{file::io_max},
                io_max_line(device, before),
                io_max_line(device, decided),
                {}};
  out.reason = fmt::format("pool '{}' gets of disk {} what it uses and what others leave idle",
                           pool.name().str(), device.str());
  return out;
}

DynamicAllocator::DynamicAllocator(Session& session, UsageSource& usage)
    : state_(std::make_unique<State>(session, usage)) {}

DynamicAllocator::~DynamicAllocator() = default;

void DynamicAllocator::observe(double time) { state_->look(time); }

Result<std::vector<DynamicWrite>> DynamicAllocator::adjust(double time, Acting acting) {
  WEIR_TRY(auto writes, state_->adjust_memory(time, acting));
  WEIR_TRY(auto io, state_->adjust_io(time, acting));
  std::ranges::move(io, std::back_inserter(writes));
  return writes;
}

bool DynamicAllocator::anything_to_do() const {
  return std::ranges::any_of(state_->session.tree.pools, [](const Pool& pool) {
    return pool.spec.mode == Mode::dynamic || !pool.spec.spill.empty();
  });
}

Status DynamicAllocator::publish(std::chrono::seconds valid) const {
  auto& session = state_->session;
  WEIR_TRY(const auto folder, session.run_dir.folder(dynamics_folder));
  const auto until = wall_us() + std::chrono::microseconds{valid}.count();
  for (std::size_t i = 0; i < state_->tracks.size(); ++i) {
    const auto& track = state_->tracks[i];
    const auto& pool = session.tree.pools[i];
    if (!track.exists) continue;
    PoolDynamics note;
    note.until_us = until;
    if (track.sample) {
      note.cpu_demand = Cores{track.demand.cpu};
      note.memory_demand = Bytes{track.demand.memory};
    }
    if (pool.spec.mode == Mode::dynamic) {
      note.memory_high = track.decided_high;
      note.io = track.decided_io;
    }
    WEIR_CHECK(folder.write(pool.name().str(), note.str()));
  }
  return {};
}

Status end_dynamics(Session& session) {
  WEIR_TRY(const auto folder, session.run_dir.folder(dynamics_folder));
  WEIR_TRY(const auto names, folder.names());
  for (const auto& name : names) WEIR_CHECK(folder.remove(name));
  const auto io = io_limits(session.tree);
  for (std::size_t i = 0; i < io.size(); ++i) {
    const auto& pool = session.tree.pools[i];
    if (pool.spec.mode != Mode::dynamic || !session.io.exists(pool.path)) continue;
    WEIR_CHECK(session.io.write(pool.path, file::memory_high, file::no_limit));
    for (const auto& [device, rates] : io[i])
      WEIR_CHECK(session.io.write(pool.path, file::io_max, io_max_line(device, rates)));
  }
  return {};
}

}  // namespace weir
