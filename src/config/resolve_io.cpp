// SPDX-License-Identifier: Apache-2.0
#include "weir/config/resolve_io.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "weir/base/text.h"

#include "report.h"

namespace weir {
namespace config {
namespace {

template <class T>
std::optional<std::int64_t> number(const std::optional<T>& quantity) {
  return quantity ? std::optional{quantity->value} : std::nullopt;
}
template <class T>
std::optional<std::int64_t> number(const std::optional<Located<T>>& quantity) {
  return quantity ? std::optional{quantity->value.value} : std::nullopt;
}

IoRates rates_of(const DiskSpec& disk) {
  return {{number(disk.read_bps), number(disk.write_bps), number(disk.read_iops),
           number(disk.write_iops)}};
}

IoRates limits_of(const IoSpec& io) {
  return {{number(io.read_bps.limit), number(io.write_bps.limit), number(io.read_iops.limit),
           number(io.write_iops.limit)}};
}

/// A reservation of nothing is none.
IoRates reservations_of(const IoSpec& io) {
  IoRates out{{number(io.read_bps.reservation), number(io.write_bps.reservation),
               number(io.read_iops.reservation), number(io.write_iops.reservation)}};
  for (auto& rate : out.rate)
    if (rate == 0) rate.reset();
  return out;
}

template <class T>
SourcePos place(const std::optional<Located<T>>& value, SourcePos otherwise) {
  return value ? value->at : otherwise;
}

SourcePos limit_at(const IoSpec& io, IoRate rate) {
  switch (rate) {
    case IoRate::read_bps:
      return place(io.read_bps.limit, io.path.at);
    case IoRate::write_bps:
      return place(io.write_bps.limit, io.path.at);
    case IoRate::read_iops:
      return place(io.read_iops.limit, io.path.at);
    case IoRate::write_iops:
      break;
  }
  return place(io.write_iops.limit, io.path.at);
}

SourcePos reservation_at(const IoSpec& io, IoRate rate) {
  switch (rate) {
    case IoRate::read_bps:
      return place(io.read_bps.reservation, io.path.at);
    case IoRate::write_bps:
      return place(io.write_bps.reservation, io.path.at);
    case IoRate::read_iops:
      return place(io.read_iops.reservation, io.path.at);
    case IoRate::write_iops:
      break;
  }
  return place(io.write_iops.reservation, io.path.at);
}

std::string key_of(const Pool& pool, std::string_view rest = {}) {
  return fmt::format("pool.{}.io{}{}", pool.name().str(), rest.empty() ? "" : ".", rest);
}

class IoResolver {
 public:
  IoResolver(PoolTree& tree, const Carriers& carriers) : tree_(tree), carriers_(carriers) {}

  std::vector<Diagnostic> run() {
    for (std::size_t i = 0; i < tree_.host.disks.size(); ++i) declare(i);
    for (auto& pool : tree_.pools)
      for (std::size_t i = 0; i < pool.spec.io.size(); ++i) claim(pool, i);
    for (std::size_t disk = 0; disk < tree_.disks.size(); ++disk)
      for (const auto rate : all_io_rates) check_sums(disk, rate);
    return report_.take();
  }

 private:
  const Carrier* carrier(const Located<std::string>& path, const std::string& key) {
    const auto found = carriers_.find(path.value);
    if (found == carriers_.end()) return nullptr;
    if (found->second) return &*found->second;
    report_.error(path.at, key, found->second.error().message, found->second.error().hint);
    return nullptr;
  }

  std::optional<std::size_t> disk_of(const Carrier& carrier) const {
    const auto at = std::ranges::find(tree_.disks, carrier.device,
                                      [](const PoolDisk& d) { return d.carrier.device; });
    if (at == tree_.disks.end()) return std::nullopt;
    return static_cast<std::size_t>(at - tree_.disks.begin());
  }

  void declare(std::size_t index) {
    const auto& spec = tree_.host.disks[index];
    const auto* found = carrier(spec.path, "host.disk.path");
    if (found == nullptr) return;
    if (const auto other = disk_of(*found)) {
      const auto& first = tree_.host.disks[*tree_.disks[*other].declared].path.value;
      report_.error(spec.path.at, "host.disk.path",
                    fmt::format("leads to {}, as '{}' does", found->str(), printable(first)),
                    "keep one [[host.disk]] for each disk");
      return;
    }
    tree_.disks.push_back({*found, index, rates_of(spec)});
  }

  void claim(Pool& pool, std::size_t index) {
    const auto& spec = pool.spec.io[index];
    const auto* found = carrier(spec.path, key_of(pool, "path"));
    if (found == nullptr) return;
    auto disk = disk_of(*found);
    if (!disk) {
      disk = tree_.disks.size();
      tree_.disks.push_back({*found, {}, {}});
    }
    if (const auto other = std::ranges::find(pool.io, *disk, &DiskClaim::disk);
        other != pool.io.end()) {
      report_.error(spec.path.at, key_of(pool, "path"),
                    fmt::format("leads to {}, as '{}' does", found->str(),
                                printable(pool.spec.io[other->entry].path.value)),
                    "keep one entry for each disk");
      return;
    }
    pool.io.push_back({*disk, index, spec.shares, reservations_of(spec), limits_of(spec)});
    check_claim(pool, pool.io.back());
    warn(pool, spec, *found);
  }

  void check_claim(const Pool& pool, const DiskClaim& claim) {
    const auto& spec = pool.spec.io[claim.entry];
    const auto& disk = tree_.disks[claim.disk];
    for (const auto rate : all_io_rates) {
      if (claim.limit[rate] && *claim.limit[rate] < least_io_limit)
        report_.error(limit_at(spec, rate), key_of(pool, fmt::format("{}.limit", to_text(rate))),
                      fmt::format("{} is too little: the kernel takes {} and more",
                                  *claim.limit[rate], least_io_limit));
      if (claim.reservation[rate] && disk.declared && !disk.capability[rate])
        report_.error(reservation_at(spec, rate),
                      key_of(pool, fmt::format("{}.reservation", to_text(rate))),
                      fmt::format("{} of {} is not declared", to_text(rate), disk.carrier.name),
                      fmt::format("add {} to the [[host.disk]] of '{}'", to_text(rate),
                                  printable(tree_.host.disks[*disk.declared].path.value)));
    }
    if (disk.declared || (!claim.shares && !claim.reservation.any())) return;
    auto at = spec.shares_at;
    for (const auto rate : all_io_rates)
      if (!claim.shares && claim.reservation[rate]) at = reservation_at(spec, rate);
    report_.error(at, key_of(pool),
                  fmt::format("{} of {}, whose capability is not declared",
                              claim.shares ? "shares" : "a reservation", disk.carrier.str()),
                  fmt::format("declare it: [[host.disk]] with path = \"{}\" and read_bps, "
                              "write_bps, read_iops or write_iops",
                              printable(spec.path.value)));
  }

  void warn(const Pool& pool, const IoSpec& spec, const Carrier& carrier) {
    if (carrier.is_node)
      report_.warning(spec.path.at, key_of(pool, "path"),
                      fmt::format("has no effect on buffered writes to {} itself; direct ones and "
                                  "those of a file system on it are held",
                                  printable(spec.path.value)),
                      "name a directory of the file system, if that is what is meant");
    if (!carrier.over.empty())
      report_.warning(spec.path.at, key_of(pool, "path"),
                      fmt::format("is set on {} itself and has no effect on what reaches {} in "
                                  "another way",
                                  carrier.name, join_words(carrier.over)));
  }

  /// Reservations add up to at most the parent's, at the top to what the disk can do.
  void check_sums(std::size_t disk, IoRate rate) {
    if (!tree_.disks[disk].capability[rate]) return;
    std::vector<std::int64_t> sums(tree_.pools.size() + 1);  // the last: pools at the top
    std::set<std::size_t> said;
    for (const auto& pool : tree_.pools) {
      const auto claim = std::ranges::find(pool.io, disk, &DiskClaim::disk);
      if (claim == pool.io.end() || !claim->reservation[rate]) continue;
      const auto row = pool.parent.value_or(tree_.pools.size());
      const auto most =
          pool.parent ? reserved(*pool.parent, disk, rate) : *tree_.disks[disk].capability[rate];
      // Three times 2^60 still fits; nothing needs to be known beyond "too much".
      sums[row] = std::min(sums[row], max_bytes.value) +
                  std::min(*claim->reservation[rate], max_bytes.value);
      if (sums[row] <= most || !said.insert(row).second) continue;
      report_.error(
          reservation_at(pool.spec.io[claim->entry], rate),
          key_of(pool, fmt::format("{}.reservation", to_text(rate))),
          fmt::format(
              "makes {} of {} reserved here, {} {}", sums[row], tree_.disks[disk].carrier.name,
              pool.parent ? fmt::format("'{}' reserves", tree_.pools[*pool.parent].name().str())
                          : std::string{"the disk has"},
              most));
    }
  }

  [[nodiscard]] std::int64_t reserved(std::size_t pool, std::size_t disk, IoRate rate) const {
    const auto& io = tree_.pools[pool].io;
    const auto claim = std::ranges::find(io, disk, &DiskClaim::disk);
    return claim == io.end() ? 0 : claim->reservation[rate].value_or(0);
  }

  PoolTree& tree_;
  const Carriers& carriers_;
  Report report_;
};

}  // namespace
}  // namespace config

std::vector<std::string> io_paths(const Config& config) {
  std::set<std::string> out;
  for (const auto& disk : config.host.disks) out.insert(disk.path.value);
  for (const auto& pool : config.pools)
    for (const auto& io : pool.io) out.insert(io.path.value);
  return {out.begin(), out.end()};
}

std::vector<Diagnostic> resolve_io(PoolTree& tree, const Carriers& carriers) {
  return config::IoResolver(tree, carriers).run();
}

std::vector<Diagnostic> warn_without_controller(const PoolTree& tree) {
  config::Report report;
  for (const auto& pool : tree.pools)
    for (const auto& io : pool.spec.io)
      report.warning(io.path.at, config::key_of(pool),
                     "has no effect here: there is no io controller in this cgroup tree");
  return report.take();
}

}  // namespace weir
