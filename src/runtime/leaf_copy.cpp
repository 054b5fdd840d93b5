// SPDX-License-Identifier: Apache-2.0
#include "leaf_copy.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"

namespace weir {
namespace {

constexpr std::size_t deepest = 64;

/// Whatever can be set on a cgroup of Linux 6.1 and 6.12, in the order of raising: the kill
/// boundary before the throttle, the weight before cpu.idle, which forbids it.
constexpr std::array settings{file::cgroup_max_depth,
                              file::cgroup_max_descendants,
                              file::cgroup_pressure,
                              file::cpuset_cpus,
                              file::cpuset_mems,
                              file::cpu_weight,
                              file::cpu_idle,
                              file::cpu_max,
                              file::cpu_max_burst,
                              file::cpu_uclamp_min,
                              file::cpu_uclamp_max,
                              file::io_max,
                              file::io_weight,
                              file::io_bfq_weight,
                              file::io_latency,
                              file::pids_max,
                              file::misc_max,
                              file::memory_swap_max,
                              file::memory_max,
                              file::memory_high,
                              file::memory_swap_high,
                              file::memory_zswap_max,
                              file::memory_zswap_writeback,
                              file::memory_low,
                              file::memory_min,
                              file::memory_oom_group};

bool is_missing(const Error& error) {
  return error.sys == ENOENT || error.sys == EOPNOTSUPP || error.sys == ENODEV;
}

bool is_default(std::string_view name, std::string_view text) {
  return text.empty() || text == "default 100" ||
         same_value(name, text, default_value(name).value_or(""));
}

/// Files such as io.max take one line at a time.
Status write_lines(CgroupIo& io, const CgroupPath& cgroup, std::string_view name,
                   std::string_view text) {
  for (const auto line : split(text, '\n'))
    if (!trim(line).empty()) WEIR_CHECK(io.write(cgroup, name, trim(line)));
  return {};
}

Status copy_file(CgroupIo& io, const CgroupPath& from, const CgroupPath& to, std::string_view name,
                 const FileValues& instead) {
  const auto other = instead.find(name);
  auto wanted = other != instead.end() ? Result<std::string>{other->second} : io.read(from, name);
  if (!wanted && is_missing(wanted.error())) return {};
  if (!wanted) return pass(std::move(wanted));
  const auto text = trim(*wanted);
  auto now = io.read(to, name);
  if (!now && is_missing(now.error())) {
    if (is_default(name, text)) return {};
    return fail(Errc::unsupported,
                fmt::format("{} has {} '{}', which the other pool cannot have", from.str(), name,
                            printable(text, 60)),
                "the controller is not enabled there");
  }
  if (!now) return pass(std::move(now));
  if (same_value(name, trim(*now), text)) return {};
  return write_lines(io, to, name, text);
}

bool is_idle(CgroupIo& io, const CgroupPath& cgroup) {
  const auto text = io.read(cgroup, file::cpu_idle);
  return text && trim(*text) == "1";
}

Status copy_settings(CgroupIo& io, const CgroupPath& from, const CgroupPath& to,
                     const FileValues& instead) {
  // An idle cgroup's weight reads as what it is not (kernel.md #29).
  const bool idle = is_idle(io, from);
  for (const auto name : settings)
    if (!idle || name != file::cpu_weight) WEIR_CHECK(copy_file(io, from, to, name, instead));
  return io.copy_attributes(from, to);
}

Status copy_below(CgroupIo& io, const CgroupPath& from, const CgroupPath& to, std::size_t depth) {
  WEIR_TRY(const auto control, io.read(from, file::cgroup_subtree_control));
  WEIR_TRY(const auto has, io.read(to, file::cgroup_subtree_control));
  std::string missing;
  const auto enabled = split_words(has);
  for (const auto word : split_words(control))
    if (std::ranges::find(enabled, word) == enabled.end())
      missing += fmt::format("{}+{}", missing.empty() ? "" : " ", word);
  if (!missing.empty()) WEIR_CHECK(io.write(to, file::cgroup_subtree_control, missing));
  WEIR_TRY(const auto names, io.children(from));
  if (depth >= deepest && !names.empty())
    return fail(Errc::conflict, fmt::format("{}: cgroups are nested too deep", from.str()));
  for (const auto& name : names) {
    WEIR_TRY(const auto below, from.child(name));
    WEIR_TRY(const auto counterpart, to.child(name));
    auto made = io.make(counterpart);
    if (!made && made.error().sys != EEXIST) return made;
    WEIR_CHECK(copy_settings(io, below, counterpart, {}));
    WEIR_CHECK(copy_file(io, below, counterpart, file::cgroup_freeze, {}));
    WEIR_CHECK(copy_below(io, below, counterpart, depth + 1));
  }
  return {};
}

Status check_below(CgroupIo& io, const CgroupPath& cgroup, std::size_t depth) {
  const auto type = io.read(cgroup, file::cgroup_type);
  if (type && trim(*type) != "domain")
    return fail(Errc::conflict,
                fmt::format("{} is '{}': its threads are in cgroups of their own, and cannot be "
                            "moved as a whole",
                            cgroup.str(), trim(*type)));
  const auto partition = io.read(cgroup, file::cpuset_cpus_partition);
  if (partition && !trim(*partition).starts_with("member"))
    return fail(Errc::conflict,
                fmt::format("{} is a partition of CPUs ({}), which cannot be in two places",
                            cgroup.str(), printable(trim(*partition), 60)),
                "write member to its cpuset.cpus.partition first");
  if (depth >= deepest) return {};
  WEIR_TRY(const auto names, io.children(cgroup));
  for (const auto& name : names) {
    const auto below = cgroup.child(name);
    if (!below)
      return fail(Errc::conflict, fmt::format("{} has a cgroup '{}' below it, a name that is not "
                                              "handled",
                                              cgroup.str(), printable(name, 60)));
    WEIR_CHECK(check_below(io, *below, depth + 1));
  }
  return {};
}

}  // namespace

Status check_can_be_copied(CgroupIo& io, const CgroupPath& cgroup) {
  return check_below(io, cgroup, 0);
}

Status copy_leaf(CgroupIo& io, const CgroupPath& from, const CgroupPath& to,
                 const FileValues& instead) {
  WEIR_CHECK(copy_settings(io, from, to, instead));
  return copy_below(io, from, to, 0);
}

}  // namespace weir
