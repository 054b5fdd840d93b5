// SPDX-License-Identifier: Apache-2.0
// Disks are known by path only, and two paths may lead to one disk: what is refused here is wrong
// whatever the paths resolve to.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <tuple>

#include "weir/base/text.h"

#include "checks.h"

namespace weir::config {
namespace {

/// One of the four rates of an entry, without its type.
struct Rate {
  std::string_view name;
  std::optional<Located<std::int64_t>> reservation;
};

template <class T>
Rate rate(std::string_view name, const IoAmounts<T>& amounts) {
  if (!amounts.reservation || amounts.reservation->value.value == 0) return {name, {}};
  return {name, Located<std::int64_t>{amounts.reservation->value.value, amounts.reservation->at}};
}

std::array<Rate, 4> rates_of(const IoSpec& io) {
  return {rate("read_bps", io.read_bps), rate("write_bps", io.write_bps),
          rate("read_iops", io.read_iops), rate("write_iops", io.write_iops)};
}

template <class T>
std::optional<std::int64_t> plain(const std::optional<T>& quantity) {
  return quantity ? std::optional{quantity->value} : std::nullopt;
}

std::array<std::optional<std::int64_t>, 4> capability(const DiskSpec& disk) {
  return {plain(disk.read_bps), plain(disk.write_bps), plain(disk.read_iops),
          plain(disk.write_iops)};
}

class IoCheck {
 public:
  IoCheck(const Config& config, const PoolIndex& index, Report& report)
      : config_(config), index_(index), report_(report) {}

  void run() {
    for (std::size_t i = 0; i < config_.pools.size(); ++i)
      for (const auto& io : config_.pools[i].io) {
        check_declared(config_.pools[i], io);
        check_reservations(i, io);
      }
  }

 private:
  [[nodiscard]] std::string key(const PoolSpec& pool) const {
    return fmt::format("pool.{}.io", pool.name.str());
  }

  void check_declared(const PoolSpec& pool, const IoSpec& io) {
    if (!config_.host.disks.empty()) return;
    const auto rates = rates_of(io);
    const auto reserved =
        std::ranges::find_if(rates, [](const Rate& r) { return r.reservation.has_value(); });
    if (!io.shares && reserved == rates.end()) return;
    report_.error(io.shares ? io.shares_at : reserved->reservation->at, key(pool),
                  fmt::format("{} of a disk whose capability is not declared",
                              io.shares ? "shares" : "a reservation"),
                  fmt::format("declare it: [[host.disk]] with path = \"{}\" and read_bps, "
                              "write_bps, read_iops or write_iops",
                              printable(io.path.value)));
  }

  void check_reservations(std::size_t pool, const IoSpec& io) {
    const auto rates = rates_of(io);
    for (std::size_t r = 0; r < rates.size(); ++r)
      if (rates[r].reservation) check_reservation(pool, io, r, rates[r]);
  }

  void check_reservation(std::size_t pool, const IoSpec& io, std::size_t r, const Rate& rate) {
    const auto& spec = config_.pools[pool];
    const auto parent = index_.parent[pool];
    // The parent is not known, or only a broken tree would have it: nothing to compare with.
    if (spec.parent && !parent) return;
    const auto most =
        parent ? reserved_by(config_.pools[*parent], io.path.value, r) : declared(io.path.value, r);
    if (!most) return;
    const auto owner = parent ? fmt::format("'{}' reserves", config_.pools[*parent].name.str())
                              : std::string{"the disk has"};
    auto& sum = sums_[{parent ? *parent + 1 : 0, io.path.value, r}];
    const auto& own = *rate.reservation;
    const auto where = fmt::format("{}.{}.reservation", key(spec), rate.name);
    if (own.value > *most) {
      report_.error(own.at, where, fmt::format("reserves {}, {} {}", own.value, owner, *most));
      return;
    }
    if (sum <= *most && sum + own.value > *most)
      report_.error(
          own.at, where,
          fmt::format("the pools here reserve {} together, {} {}", sum + own.value, owner, *most));
    // Once above, it stays above: one word is enough, and the sum cannot grow without bound.
    if (sum <= *most) sum += own.value;
  }

  /// What the parent reserves of the same disk; nothing where it may be there under another path.
  static std::optional<std::int64_t> reserved_by(const PoolSpec& parent, std::string_view path,
                                                 std::size_t r) {
    if (parent.unsure) return std::nullopt;
    for (const auto& io : parent.io) {
      if (io.path.value != path) continue;
      const auto found = rates_of(io)[r].reservation;
      return found ? found->value : 0;
    }
    return parent.io.empty() ? std::optional<std::int64_t>{0} : std::nullopt;
  }

  [[nodiscard]] std::optional<std::int64_t> declared(std::string_view path, std::size_t r) const {
    const auto disk =
        std::ranges::find(config_.host.disks, path, [](const DiskSpec& d) { return d.path.value; });
    if (disk == config_.host.disks.end()) return std::nullopt;
    return capability(*disk)[r].value_or(0);
  }

  const Config& config_;
  const PoolIndex& index_;
  Report& report_;
  /// By parent (0 is the top), path and rate.
  std::map<std::tuple<std::size_t, std::string_view, std::size_t>, std::int64_t> sums_;
};

}  // namespace

void check_io(const Config& config, const PoolIndex& index, Report& report) {
  IoCheck(config, index, report).run();
}

}  // namespace weir::config
