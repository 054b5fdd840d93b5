// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <utility>

#include "weir/cgroup/systemd.h"
#include "weir/model/block.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"

#include "patience.h"
#include "scope_holder.h"
#include "scope_layout.h"
#include "scope_start.h"
#include "systemd_bus.h"
#include "systemd_properties.h"
#include "systemd_units.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

// systemd applies a property on the next turn of its loop.
constexpr milliseconds apply_patience{1000};

class SystemdTree final : public CgroupIo {
 public:
  SystemdTree(CgroupFs files, SystemdBus bus) : files_(std::move(files)), bus_(std::move(bus)) {}

  Result<std::string> read(const CgroupPath& cgroup, std::string_view name) override {
    return files_.read(layout_.home(cgroup, name), name);
  }
  Result<std::vector<std::string>> children(const CgroupPath& cgroup) override {
    return files_.children(cgroup);
  }
  Result<std::int64_t> child_count(const CgroupPath& cgroup) override {
    return files_.child_count(cgroup);
  }
  bool exists(const CgroupPath& cgroup) override { return files_.exists(cgroup); }
  bool has_file(const CgroupPath& cgroup, std::string_view name) override {
    return files_.has_file(cgroup, name);
  }
  Result<std::optional<std::string>> attribute(const CgroupPath& cgroup,
                                               std::string_view name) override {
    return files_.attribute(cgroup, name);
  }
  Status set_attribute(const CgroupPath& cgroup, std::string_view name,
                       std::string_view value) override {
    return files_.set_attribute(cgroup, name, value);
  }
  Status copy_attributes(const CgroupPath& from, const CgroupPath& to) override {
    return files_.copy_attributes(from, to);
  }
  Result<UniqueFd> directory(const CgroupPath& cgroup) override {
    return files_.directory(layout_.inner(cgroup));
  }
  Result<UniqueFd> open_events(const CgroupPath& cgroup) override {
    return files_.open_events(cgroup);
  }

  Status write(const CgroupPath& cgroup, std::string_view name, std::string_view value) override {
    const auto unit = unit_of(cgroup);
    if (!unit) return files_.write(cgroup, name, value);
    const auto place = layout_.home(cgroup, name);
    if (place != cgroup) return files_.write(place, name, value);
    WEIR_TRY(const auto properties, properties_for(name, value));
    if (!properties) return files_.write(cgroup, name, value);
    if (was_told(cgroup, name, value)) return confirm(cgroup, name, value);
    // A property of a unit that is gone would be kept for the next one of this name.
    if (!files_.exists(cgroup)) return os_fail(ENOENT, fmt::format("{}/{}", cgroup.str(), name));
    WEIR_TRY(const bool told, tell(*unit, *properties));
    return told ? confirm(cgroup, name, value) : files_.write(cgroup, name, value);
  }

  Status write_several(const CgroupPath& cgroup, std::span<const FileWrite> writes,
                       std::size_t& done) override {
    const auto unit = unit_of(cgroup);
    if (!unit || writes.size() < 2 || layout_.has_limits_inside(cgroup))
      return CgroupIo::write_several(cgroup, writes, done);
    FileValues next;
    for (const auto& write : writes) next.emplace(write.file, write.value);
    done = 0;
    // io.max has a line for each device.
    if (next.size() != writes.size()) return CgroupIo::write_several(cgroup, writes, done);
    WEIR_TRY(const auto properties, properties_of(next));
    if (!files_.exists(cgroup)) return os_fail(ENOENT, cgroup.str());
    if (!properties.empty()) {
      WEIR_TRY(const bool told, tell(*unit, properties));
      if (!told) return files_.write_several(cgroup, writes, done);
    }
    for (const auto& [name, value] : writes) {
      WEIR_TRY(const auto known, properties_for(name, value));
      WEIR_CHECK(known ? confirm(cgroup, name, value) : write(cgroup, name, value));
      ++done;
    }
    return {};
  }

  Status make(const CgroupPath& cgroup) override {
    const auto unit = unit_of(cgroup);
    if (!unit) return files_.make(cgroup);
    return unit->ends_with(".slice") ? make_slice(cgroup, *unit) : make_scope(cgroup, *unit, {});
  }

  /// All properties in one message: each message costs systemd a turn of its loop.
  Status make_for(const CgroupPath& cgroup, const FileValues& next) override {
    const auto unit = unit_of(cgroup);
    if (!unit || !unit->ends_with(".scope")) return make(cgroup);
    WEIR_TRY(const auto properties, properties_of(next));
    WEIR_CHECK(make_scope(cgroup, *unit, properties));
    told_.insert_or_assign(cgroup.str(), next);
    return {};
  }

  Status remove(const CgroupPath& cgroup) override {
    const auto unit = unit_of(cgroup);
    if (!unit) return files_.remove(cgroup);
    return unit->ends_with(".slice") ? remove_slice(cgroup, *unit) : remove_scope(cgroup, *unit);
  }

  /// See ScopeLayout::inner_name.
  bool keeps(const CgroupPath& cgroup, std::string_view name) override {
    return name != file::memory_oom_group || !unit_of(cgroup) || layout_.inner(cgroup) != cgroup;
  }

  /// systemd gives a unit only the controllers that some property of it needs, and to what was made
  /// behind its back none.
  Status take_over(const CgroupPath& cgroup) override {
    const auto unit = unit_of(cgroup);
    if (!unit || files_.has_file(cgroup, file::cpu_weight)) return {};
    WEIR_TRY(const bool told, tell(*unit, properties_for_controllers()));
    if (!told) {
      ignore(files_.write(cgroup.parent(), file::cgroup_subtree_control, "+cpu +memory +pids"),
             "verify names what it lacks");
      return {};
    }
    soon(apply_patience, [&] { return files_.has_file(cgroup, file::cpu_weight); });
    return {};
  }

  [[nodiscard]] bool is_made_around_processes() const override { return true; }
  void bring(pid_t process) override { brought_ = process; }

  void get_ready() override { ignore(bus_.reach(), "what is said next says why"); }
  void rest() override { bus_.rest(); }

  void inhabited(const CgroupPath& cgroup) override {
    holders_.erase(cgroup.str());
    told_.erase(cgroup.str());
    bus_.rest();  // what comes next is mostly a wait for its end
  }

  Result<FileValues> managed(const CgroupPath& cgroup) override {
    const auto unit = unit_of(cgroup);
    if (!unit) return FileValues{};
    // Of a unit that it does not know systemd tells the defaults.
    if (layout_.inner(cgroup) == cgroup && unit->ends_with(".scope") && bus_.is_not_found(*unit))
      return FileValues{};
    WEIR_TRY(const auto properties, bus_.resource_properties(*unit));
    auto files = files_of(properties, device_number);
    if (layout_.has_limits_inside(cgroup))
      for (const auto name : ScopeLayout::limits_of_runtimes) files.erase(std::string{name});
    return files;
  }

 private:
  /// False for a cgroup that only looks like a unit: somebody made it beside systemd.
  Result<bool> tell(const std::string& unit, const std::vector<UnitProperty>& properties) {
    auto set = bus_.set_properties(unit, properties);
    if (!set && set.error().sys == ENOENT) return false;
    if (!set) return pass(std::move(set));
    return true;
  }

  bool was_told(const CgroupPath& cgroup, std::string_view name, std::string_view value) const {
    const auto at = told_.find(cgroup.str());
    if (at == told_.end()) return false;
    const auto told = at->second.find(name);
    return told != at->second.end() && told->second == value;
  }

  /// systemd answers before it writes, and only logs what the kernel refused.
  Status confirm(const CgroupPath& cgroup, std::string_view name, std::string_view value) {
    Result<std::string> now = std::string{};
    const bool taken = soon(apply_patience, [&] {
      now = files_.read(cgroup, name);
      if (!now) return !files_.exists(cgroup);
      return has_taken(name, *now, value);
    });
    if (!now) return pass(std::move(now));
    if (taken) return {};
    return fail(
        Errc::failed,
        fmt::format("write {}/{}: systemd took '{}', but the kernel still has '{}'", cgroup.str(),
                    name, value, now->substr(0, now->find('\n'))),
        fmt::format("`journalctl -b _PID=1 | grep {}` says why it was refused", cgroup.leaf()));
  }

  Status make_slice(const CgroupPath& cgroup, const std::string& unit) {
    auto properties = properties_of_unit(fmt::format("weir pool {}", cgroup.leaf()));
    auto started = bus_.start_transient(unit, properties);
    if (!started && started.error().sys == EEXIST) {
      // It is in use already, or has a unit file: it is taken over.
      properties.erase(properties.begin());
      WEIR_CHECK(bus_.set_properties(unit, properties));
      started = bus_.start(unit);
    }
    WEIR_CHECK(std::move(started));
    if (soon(apply_patience, [&] { return files_.exists(cgroup); })) return {};
    return fail(Errc::failed, fmt::format("{}: systemd started it without a cgroup", cgroup.str()),
                fmt::format("`systemctl status {}` says more", unit));
  }

  Status make_scope(const CgroupPath& cgroup, const std::string& unit,
                    const std::vector<UnitProperty>& limits) {
    WEIR_TRY(auto holder, start_scope(bus_, files_,
                                      {.cgroup = cgroup,
                                       .unit = unit,
                                       .limits = limits,
                                       .first = std::exchange(brought_, {})}));
    if (holder) holders_.insert_or_assign(cgroup.str(), std::move(*holder));
    return {};
  }

  [[nodiscard]] bool is_populated(const CgroupPath& cgroup) {
    const auto events = files_.read(cgroup, file::cgroup_events);
    return events && flat_value(*events, "populated").value_or(0) != 0;
  }

  Status wait_until_gone(const CgroupPath& cgroup) {
    if (soon(apply_patience, [&] { return !files_.exists(cgroup); })) return {};
    return os_fail(EBUSY, fmt::format("remove {}", cgroup.str()));
  }

  Status remove_slice(const CgroupPath& cgroup, const std::string& unit) {
    if (!files_.exists(cgroup)) return os_fail(ENOENT, cgroup.str());
    // systemd would stop all that runs in it.
    const auto below = files_.children(cgroup);
    if (is_populated(cgroup) || (below && !below->empty()))
      return os_fail(EBUSY, fmt::format("remove {}", cgroup.str()));
    const bool transient = bus_.is_transient(unit);  // then it is forgotten with all it had
    WEIR_CHECK(bus_.stop(unit));
    if (!transient) WEIR_CHECK(forget_properties(unit));
    if (bus_.is_not_found(unit)) look_again_for_units();
    return wait_until_gone(cgroup);
  }

  Status remove_scope(const CgroupPath& cgroup, const std::string& unit) {
    holders_.erase(cgroup.str());
    if (!files_.exists(cgroup)) return os_fail(ENOENT, cgroup.str());
    if (is_populated(cgroup)) return os_fail(EBUSY, fmt::format("remove {}", cgroup.str()));
    // systemd hears that it is empty and removes it. To ask for that takes a connection and a job.
    constexpr std::chrono::milliseconds usual{250};
    if (soon(usual, [&] { return !files_.exists(cgroup); })) return {};
    WEIR_CHECK(bus_.stop(unit));
    // What only looks like a unit, or was one: nobody else removes it.
    if (files_.exists(cgroup) && bus_.is_not_found(unit)) return files_.remove(cgroup);
    return wait_until_gone(cgroup);
  }

  CgroupFs files_;
  ScopeLayout layout_{files_};
  SystemdBus bus_;
  std::map<std::string, ScopeHolder> holders_;  // of scopes without processes of their own yet
  std::map<std::string, FileValues> told_;      // what those were made with
  std::optional<pid_t> brought_;                // in the next one
};

}  // namespace

Result<std::unique_ptr<CgroupIo>> open_systemd_tree(CgroupFs files) {
  WEIR_TRY(auto bus, SystemdBus::make());
  return std::unique_ptr<CgroupIo>{std::make_unique<SystemdTree>(std::move(files), std::move(bus))};
}

}  // namespace weir
