// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/planner.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "weir/model/block.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"

#include "plan_order.h"

namespace weir {
namespace {

using Index = std::map<std::string, const ObservedCgroup*, std::less<>>;

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

class Planner {
 public:
  Planner(const DesiredTree& desired, const ObservedTree& observed)
      : desired_(desired), observed_(observed) {
    for (const auto& cgroup : observed.cgroups) index_.emplace(cgroup.path.str(), &cgroup);
    constexpr std::size_t usual_changes = 6;  // of a cgroup that is to be made
    plan_.changes.reserve(desired.cgroups.size() * usual_changes);
  }

  Plan make() {
    enable(desired_.cgroups.front().path.parent(), observed_.mount_subtree_control);
    for (const auto& cgroup : desired_.cgroups) plan_cgroup(cgroup);
    plan_removals();
    sort_changes(plan_.changes, shrinking_);
    return std::move(plan_);
  }

 private:
  void plan_cgroup(const DesiredCgroup& wanted) {
    const auto at = index_.find(wanted.path.str());
    const auto* existing = at == index_.end() ? nullptr : at->second;
    if (wanted.kind != CgroupKind::container && lacks_record(wanted, existing))
      make_slice(wanted, existing);
    if (wanted.inner)
      enable(wanted.path, existing ? existing->subtree_control : std::vector<std::string>{});
    for (const auto& [name, value] : wanted.files) plan_file(wanted, existing, name, value);
    if (wanted.kind == CgroupKind::pool && existing) free_cpuset(wanted, *existing);
  }

  [[nodiscard]] bool lacks_record(const DesiredCgroup& wanted,
                                  const ObservedCgroup* existing) const {
    if (!existing || !existing->pool) return true;
    return wanted.kind == CgroupKind::top && enabled_by_weir(existing) != existing->pool->enabled;
  }

  /// The controllers that were off above the top slice before weir came. One that the file needs
  /// only now is noted in the record before it is switched on.
  [[nodiscard]] std::vector<std::string> enabled_by_weir(const ObservedCgroup* top) const {
    auto out = top && top->pool ? top->pool->enabled : std::vector<std::string>{};
    for (const auto controller : desired_.controllers) {
      const auto name = to_text(controller);
      if (!contains(observed_.mount_subtree_control, name) && !contains(out, name))
        out.emplace_back(name);
    }
    return out;
  }

  /// A slice that exists without weir's record was made half-way, or by a runtime that was pointed
  /// at it before: it is taken over.
  void make_slice(const DesiredCgroup& wanted, const ObservedCgroup* existing) {
    Change make;
    make.cgroup = wanted.path;
    if (existing && existing->pool) make.from = existing->pool->str();
    make.record = wanted.kind == CgroupKind::top ? record_of_top(wanted, existing) : wanted.record;
    plan_.changes.push_back(std::move(make));
  }

  [[nodiscard]] std::string record_of_top(const DesiredCgroup& wanted,
                                          const ObservedCgroup* existing) const {
    auto record = PoolRecord::parse(wanted.record);
    if (!record) return wanted.record;
    record->enabled = enabled_by_weir(existing);
    return record->str();
  }

  /// What switches on the controllers that are wanted and off.
  [[nodiscard]] std::string missing_from(const std::vector<std::string>& enabled) const {
    std::string out;
    for (const auto controller : desired_.controllers)
      if (!contains(enabled, to_text(controller)))
        out.append(out.empty() ? "+" : " +").append(to_text(controller));
    return out;
  }

  void enable(const CgroupPath& cgroup, const std::vector<std::string>& enabled) {
    auto missing = missing_from(enabled);
    if (missing.empty()) return;
    plan_.changes.push_back({Phase::enable,
                             Op::write,
                             cgroup,
                             std::string{file::cgroup_subtree_control},
                             enabled.empty() ? "" : fmt::format("{}", fmt::join(enabled, " ")),
                             std::move(missing),
                             {}});
  }

  void plan_file(const DesiredCgroup& wanted, const ObservedCgroup* existing,
                 const std::string& name, const std::string& value) {
    std::optional<std::string> from;
    if (existing)
      if (const auto at = existing->files.find(name); at != existing->files.end())
        from = at->second;
    const auto managed = managed_value(existing, name);
    if (name == file::io_max) return plan_io_max(wanted.path, from, managed, value);
    const auto before = from ? std::string_view{*from} : default_value(name).value_or("");
    if (in_accepted_range(wanted, name, from)) return;
    const bool kept = !managed || same_value(name, *managed, value);
    if (same_value(name, before, value) && kept) return;
    const bool lowers = from && compare_values(name, before, value) == std::partial_ordering::less;
    if (lowers && blocked_by_use(wanted.path, *existing, name, value)) return;
    plan_.changes.push_back({lowers ? Phase::lower : Phase::raise,
                             Op::write,
                             wanted.path,
                             name,
                             std::move(from),
                             value,
                             {}});
    if (lowers) shrinking_.emplace(wanted.path.parent().str(), name);
  }

  /// What systemd would write at its next turn, where it manages the cgroup.
  static std::optional<std::string> managed_value(const ObservedCgroup* existing,
                                                  std::string_view name) {
    if (!existing) return std::nullopt;
    const auto at = existing->managed.find(name);
    return at == existing->managed.end() ? std::nullopt : std::optional{at->second};
  }

  /// A write to io.max changes one device, so each device that differs is a change of its own; what
  /// is left unsaid in a line would keep its old value.
  void plan_io_max(const CgroupPath& cgroup, const std::optional<std::string>& from,
                   const std::optional<std::string>& managed, std::string_view value) {
    const auto before = parse_io_max(from.value_or("")).value_or(IoMax{});
    const auto after = parse_io_max(value).value_or(IoMax{});
    const auto held = managed ? parse_io_max(*managed).value_or(IoMax{}) : before;
    auto devices = before;
    devices.insert(after.begin(), after.end());
    devices.insert(held.begin(), held.end());
    for (const auto& [device, unused] : devices) {
      const auto line = [&](const IoMax& of) {
        const auto at = of.find(device);
        return io_max_line(device, at == of.end() ? IoRates{} : at->second);
      };
      const auto old_line = line(before), new_line = line(after);
      const bool kept = !managed || line(held) == new_line;
      if (same_value(file::io_max, old_line, new_line) && kept) continue;
      const bool lowers =
          from && compare_values(file::io_max, old_line, new_line) == std::partial_ordering::less;
      plan_.changes.push_back({lowers ? Phase::lower : Phase::raise,
                               Op::write,
                               cgroup,
                               std::string{file::io_max},
                               from ? std::optional{old_line} : std::nullopt,
                               new_line,
                               {}});
    }
  }

  static bool in_accepted_range(const DesiredCgroup& wanted, std::string_view name,
                                const std::optional<std::string>& from) {
    if (!wanted.weight_range || name != file::cpu_weight || !from) return false;
    const auto weight = limit_number(*from);
    return weight && *weight >= wanted.weight_range->first &&
           *weight <= wanted.weight_range->second;
  }

  static std::string why_blocked(std::string_view name, std::int64_t in_use, std::int64_t limit) {
    if (name == file::pids_max)
      return fmt::format("{} is in use; the kernel would refuse every further fork", in_use);
    return fmt::format(
        "{} is in use and cannot be taken back, {} more than the limit; the kernel "
        "would kill for it",
        to_text(Bytes{in_use}), to_text(Bytes{in_use - limit}));
  }

  bool blocked_by_use(const CgroupPath& path, const ObservedCgroup& existing,
                      const std::string& name, const std::string& value) {
    const auto limit = limit_number(value);
    const auto in_use = name == file::memory_max ? existing.memory_current
                        : name == file::pids_max ? existing.pids_current
                                                 : 0;
    if (!limit || !existing.populated || in_use <= *limit) return false;
    plan_.blocked.push_back({path, name, value, why_blocked(name, in_use, *limit), false});
    return true;
  }

  /// A pool without a set of its own: the kernel refuses an empty list while tasks are inside
  /// (kernel.md #48), a list of everything means the same.
  void free_cpuset(const DesiredCgroup& wanted, const ObservedCgroup& existing) {
    const auto at = existing.files.find(file::cpuset_cpus);
    if (wanted.files.contains(file::cpuset_cpus) || at == existing.files.end()) return;
    const auto now = CpuSet::parse(at->second);
    if (!now || now->empty() || desired_.online.is_subset_of(*now)) return;
    plan_.changes.push_back({Phase::raise,
                             Op::write,
                             wanted.path,
                             std::string{file::cpuset_cpus},
                             at->second,
                             existing.populated ? desired_.online.str() : "",
                             {}});
  }

  void plan_removals() {
    if (observed_.cgroups.empty()) return;
    std::set<std::string_view> wanted;
    for (const auto& cgroup : desired_.cgroups) wanted.insert(cgroup.path.str());
    for (const auto& cgroup : observed_.cgroups) {
      if (cgroup.kind == CgroupKind::pool && !wanted.contains(cgroup.path.str())) remove(cgroup);
    }
  }

  void remove(const ObservedCgroup& pool) {
    for (const auto& other : observed_.cgroups) {
      if (other.path == pool.path || !other.path.is_within(pool.path)) continue;
      if (other.kind == CgroupKind::pool && !other.populated) continue;
      Blocked held{pool.path, {}, {}, {}, true};
      held.reason = fmt::format("pool '{}' is no longer in the file at this place, but holds {}",
                                pool.pool->name.str(), other.path.leaf());
      plan_.blocked.push_back(std::move(held));
      return;
    }
    plan_.changes.push_back({Phase::remove, Op::remove, pool.path, {}, {}, {}, {}});
  }

  const DesiredTree& desired_;
  const ObservedTree& observed_;
  Index index_;
  Shrinking shrinking_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const DesiredTree& desired, const ObservedTree& observed) {
  return Planner(desired, observed).make();
}

Plan make_teardown_plan(const ObservedTree& observed) {
  Plan plan;
  for (const auto& cgroup : observed.cgroups)
    if (cgroup.kind == CgroupKind::pool || cgroup.kind == CgroupKind::container)
      plan.changes.push_back({Phase::remove, Op::remove, cgroup.path, {}, {}, {}, {}});
  std::ranges::stable_sort(plan.changes, [](const Change& a, const Change& b) {
    return a.cgroup.depth() > b.cgroup.depth();
  });
  return plan;
}

}  // namespace weir
