// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/adopt.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/identity.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/desired.h"
#include "weir/runtime/books.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/journal.h"

#include "hook_state.h"
#include "new_record.h"

namespace weir {
namespace {

std::optional<std::int64_t> number_in(CgroupIo& io, const CgroupPath& cgroup,
                                      std::string_view name) {
  const auto text = io.read(cgroup, name);
  return text ? limit_number(trim(*text)) : std::nullopt;
}

bool is_populated(CgroupIo& io, const CgroupPath& cgroup) {
  const auto events = io.read(cgroup, file::cgroup_events);
  return events && flat_value(*events, "populated").value_or(0) != 0;
}

/// The limits that whoever made the cgroup gave it.
struct Limits {
  std::optional<Cores> cpu;
  std::optional<Bytes> memory, swap;
};
Limits read_limits(CgroupIo& io, const CgroupPath& cgroup) {
  Limits out;
  const auto text = io.read(cgroup, file::cpu_max);
  const auto cpu = text ? parse_cpu_max(trim(*text)) : Result<CpuMax>{CpuMax{}};
  if (cpu) out.cpu = cpu->cores();
  if (const auto bytes = number_in(io, cgroup, file::memory_max)) out.memory = Bytes{*bytes};
  if (const auto bytes = number_in(io, cgroup, file::memory_swap_max)) out.swap = Bytes{*bytes};
  return out;
}

class Adoption {
 public:
  explicit Adoption(Session& session)
      : session_(session), books_(session.io, session.tree, session.run_dir) {}

  Result<AdoptionReport> run() {
    WEIR_TRY(const auto booked, books_.bookings());
    booked_ = booked;
    for (std::size_t i = 0; i < session_.tree.pools.size(); ++i) {
      const auto& pool = session_.tree.pools[i];
      if (!pool.children.empty()) continue;
      const auto before = out_.adopted.size();
      const auto names = session_.io.children(pool.path);
      if (!names && is_gone(names.error())) continue;
      if (!names) return tl::unexpected(names.error());
      for (const auto& name : *names) WEIR_CHECK(look_at(i, name));
      if (out_.adopted.size() > before) WEIR_CHECK(settle_weights(session_, i));
    }
    return std::move(out_);
  }

 private:
  Status look_at(std::size_t pool, const std::string& name) {
    const auto path = session_.tree.pools[pool].path.child(name);
    if (!path || name.ends_with(".slice")) return {};
    auto done = take(pool, *path);
    // It may end while it is being looked at.
    return done || !is_gone(done.error()) ? std::move(done) : Status{};
  }

  Status take(std::size_t pool, const CgroupPath& path) {
    WEIR_TRY(const auto text, session_.io.attribute(path, attribute::container));
    if (text) {
      const auto record = ContainerRecord::parse(*text);
      if (!record || !record->runtime.known() || record->remains) return {};
      WEIR_TRY(const auto followed, follow_runtime(session_, pool, path, *record));
      if (!followed) return {};
      ++out_.followed;
      WEIR_CHECK(tell_manager(path));
      return write_files(pool, path, *followed);
    }
    if (!is_populated(session_.io, path) || is_busy(session_.run_dir, path))
      return {};  // in the making
    WEIR_TRY(auto record, record_of(pool, path));
    std::optional<Error> over;
    if (!session_.io.keeps(path, file::memory_oom_group)) record.oom = OomScope::process;
    if (const auto* found = booking_at(path)) {
      auto booking = *found;
      booking.record.swap_limit = record.swap_limit;  // the runtime's alone
      if (record.oom == OomScope::process) booking.record.oom = record.oom;
      WEIR_CHECK(books_.settle(booking));
      record = std::move(booking.record);
    } else {
      WEIR_TRY(auto verdict, books_.ask(pool, record));
      over = std::move(verdict.refused);
      WEIR_CHECK(books_.enter(pool, path, record));
    }
    WEIR_CHECK(session_.io.take_over(path));
    WEIR_CHECK(write_files(pool, path, record));
    if (!booking_at(path)) warn(pool, path, record, over);
    out_.adopted.push_back({record.name, pool, path, std::move(over)});
    return {};
  }

  [[nodiscard]] const Booking* booking_at(const CgroupPath& path) const {
    for (const auto& booking : booked_)
      if (booking.path == path) return &booking;
    return nullptr;
  }

  /// What its files say; the pool's defaults where they say nothing.
  Result<ContainerRecord> record_of(std::size_t index, const CgroupPath& path) {
    const auto limits = read_limits(session_.io, path);
    ContainerRecord said{.name = ContainerName::of_leaf(path.leaf())};
    said.cpu_limit = limits.cpu;
    said.memory_limit = limits.memory;
    WEIR_TRY(auto record, with_defaults(std::move(said), session_.tree.pools[index]));
    record.swap_limit = limits.swap;  // the runtime's alone
    record.since_us = wall_us();
    record.runtime.id = id_in_leaf(path.leaf());
    return record;
  }

  /// All but the weight, which depends on its siblings and follows. A limit never goes below what
  /// is in use; the plan blocks it by name then.
  Status write_files(std::size_t pool, const CgroupPath& path, const ContainerRecord& record) {
    const auto in_use = number_in(session_.io, path, file::memory_current).value_or(0);
    for (const auto& [name, value] : container_files(record, session_.tree.pools[pool], 100)) {
      if (name == file::cpu_weight) continue;
      const auto now = session_.io.read(path, name);
      if (!now || same_value(name, trim(*now), value)) continue;
      const auto limit = name == file::memory_max ? limit_number(value) : std::nullopt;
      if (limit && *limit < in_use) continue;
      WEIR_CHECK(session_.io.write(path, name, value));
    }
    return {};
  }

  /// systemd may not know what the runtime wrote into the kernel.
  Status tell_manager(const CgroupPath& path) {
    if (session_.tree.backend != Backend::systemd) return {};
    for (const auto name : {file::cpu_max, file::memory_max, file::memory_swap_max}) {
      const auto now = session_.io.read(path, name);
      if (now) WEIR_CHECK(session_.io.write(path, name, trim(*now)));
    }
    return {};
  }

  /// Of what nobody had announced.
  void warn(std::size_t pool, const CgroupPath& path, const ContainerRecord& record,
            const std::optional<Error>& over) {
    session_.warnings.push_back(
        over ? fmt::format("{}: runs without room in its pool: {}", path.str(), over->message)
             : fmt::format("{}: not made by weir, adopted as container '{}' of pool '{}'",
                           path.str(), record.name.str(), session_.tree.pools[pool].name().str()));
  }

  Session& session_;
  Books books_;
  std::vector<Booking> booked_;
  AdoptionReport out_;
};

}  // namespace

Result<AdoptionReport> adopt(Session& session) { return Adoption(session).run(); }

Result<std::optional<ContainerRecord>> follow_runtime(Session& session, std::size_t pool,
                                                      const CgroupPath& path,
                                                      const ContainerRecord& record) {
  const auto limits = read_limits(session.io, path);
  auto now = record;
  now.cpu_limit = limits.cpu;
  // After a move the file says less, until what stayed behind has drained.
  if (record.left_behind.empty()) now.memory_limit = limits.memory;
  now.swap_limit = limits.swap;
  // The quota is kept in whole microseconds of a period.
  const bool same_cpu =
      same_value(file::cpu_max, cpu_max_text(now.cpu_limit), cpu_max_text(record.cpu_limit));
  const auto same_bytes = [](const auto& a, const auto& b) {
    return memory_text(a) == memory_text(b);
  };
  if (same_cpu) now.cpu_limit = record.cpu_limit;
  if (same_cpu && same_bytes(now.memory_limit, record.memory_limit) &&
      same_bytes(now.swap_limit, record.swap_limit))
    return std::optional<ContainerRecord>{};
  if (now.cpu_limit && now.cpu_request)
    now.cpu_request = std::min(*now.cpu_request, *now.cpu_limit);
  if (now.memory_limit && now.memory_request)
    now.memory_request = std::min(*now.memory_request, *now.memory_limit);
  Books books(session.io, session.tree, session.run_dir);
  WEIR_CHECK(books.enter(pool, path, now));
  return std::optional{std::move(now)};
}

}  // namespace weir
