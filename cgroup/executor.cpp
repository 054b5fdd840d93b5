// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/executor.h"

#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/model/record.h"

namespace weir {
namespace {

/// Says why lowering `change` must not happen now, or nothing.
std::optional<std::string> still_in_use(CgroupIo& io, const Change& change) {
  if (change.phase != Phase::lower) return std::nullopt;
  const auto usage_file = change.file == file::memory_max ? file::memory_current
                          : change.file == file::pids_max ? file::pids_current
                                                          : std::string_view{};
  const auto limit = limit_number(change.to);
  if (usage_file.empty() || !limit) return std::nullopt;
  const auto text = io.read(change.cgroup, usage_file);
  const auto usage = text ? parse_count(*text) : Result<std::int64_t>{0};
  const auto events = io.read(change.cgroup, file::cgroup_events);
  const bool populated = events && flat_value(*events, "populated").value_or(0) != 0;
  if (!populated || !usage || *usage <= *limit) return std::nullopt;
  return fmt::format("{} rose to {} meanwhile", usage_file, *usage);
}

Status make(CgroupIo& io, const Change& change) {
  auto made = io.make(change.cgroup);
  if (!made && made.error().sys != EEXIST) return made;
  if (change.record.empty()) return {};
  return io.set_attribute(change.cgroup, attribute::pool, change.record);
}

Status remove(CgroupIo& io, const Change& change) {
  auto removed = io.remove(change.cgroup);
  if (!removed && removed.error().sys == ENOENT) return {};
  return removed;
}

/// What people run into, in words they can act on.
Error explain_refusal(Error error, const Change& change) {
  if (change.file == file::cgroup_subtree_control && error.sys == EBUSY)
    error.hint = fmt::format(
        "processes live in '{}' itself; move them into a child cgroup first (no-internal-process "
        "rule)",
        change.cgroup.is_root() ? "/" : change.cgroup.str());
  if (error.sys == EACCES || error.sys == EPERM || error.sys == EROFS) {
    error.code = Errc::unsupported;
    error.hint =
        "run weir as root, or point --cgroup-root at a cgroup that is delegated to this user";
  }
  return error;
}

Status run(CgroupIo& io, const Change& change) {
  switch (change.op) {
    case Op::make:
      return make(io, change);
    case Op::remove:
      return remove(io, change);
    case Op::write:
    case Op::migrate:
      break;
  }
  return fail(Errc::failed, "a plan of pools moves no processes");
}

/// The writes to one cgroup that stand together; one at a time where it is checked before each
/// whether the kernel would kill for it.
std::vector<FileWrite> writes_from(const std::vector<Change>& changes, std::size_t first) {
  std::vector<FileWrite> out;
  for (std::size_t i = first; i < changes.size(); ++i) {
    const auto& change = changes[i];
    if (change.op != Op::write || change.cgroup != changes[first].cgroup) break;
    if (i > first && change.phase == Phase::lower) break;
    out.push_back({change.file, change.to});
  }
  return out;
}

/// True where nothing in `cgroup` differs from what a fresh cgroup has for `controller`.
bool is_untouched(CgroupIo& io, const CgroupPath& cgroup, std::string_view controller) {
  for (const auto name :
       {file::cpu_weight, file::cpu_max, file::memory_min, file::memory_low, file::memory_high,
        file::memory_max, file::pids_max, file::cpuset_cpus, file::io_max}) {
    if (!name.starts_with(fmt::format("{}.", controller))) continue;
    const auto text = io.read(cgroup, name);
    if (text && !same_value(name, *text, default_value(name).value_or(""))) return false;
  }
  const auto control = io.read(cgroup, file::cgroup_subtree_control);
  if (!control) return true;
  for (const auto word : split_words(*control))
    if (word == controller) return false;
  return true;
}

}  // namespace

ExecutionReport execute(CgroupIo& io, const Plan& plan) {
  ExecutionReport report;
  const auto& changes = plan.changes;
  const auto stop = [&](Error error, std::size_t at) {
    report.stopped_by = explain_refusal(std::move(error), changes[at])
                            .with(fmt::format("step {} of {}", at + 1, changes.size()));
  };
  for (std::size_t i = 0; i < changes.size() && !report.stopped_by;) {
    if (auto reason = still_in_use(io, changes[i])) {
      report.blocked.push_back(
          {changes[i].cgroup, changes[i].file, changes[i].to, std::move(*reason), false});
      ++i;
      continue;
    }
    const auto writes = writes_from(changes, i);
    std::size_t done = 0;
    auto made =
        writes.empty() ? run(io, changes[i]) : io.write_several(changes[i].cgroup, writes, done);
    if (writes.empty()) done = made ? 1 : 0;
    report.done += done;
    if (!made) stop(std::move(made).error(), i + done);
    i += done;
  }
  return report;
}

Result<std::vector<std::string>> restore_controllers(CgroupIo& io, const CgroupPath& top,
                                                     const std::vector<std::string>& controllers) {
  std::vector<std::string> kept;
  const auto parent = top.parent();
  WEIR_TRY(const auto names, io.children(parent));
  for (const auto& controller : controllers) {
    bool untouched = true;
    for (const auto& name : names) {
      const auto sibling = parent.child(name);
      if (sibling && *sibling == top) continue;
      untouched = untouched && (!sibling || is_untouched(io, *sibling, controller));
    }
    if (!untouched) {
      kept.push_back(controller);
      continue;
    }
    WEIR_CHECK(io.write(parent, file::cgroup_subtree_control, fmt::format("-{}", controller)));
  }
  return kept;
}

}  // namespace weir
