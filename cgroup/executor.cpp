// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/executor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/shrink.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/model/record.h"

namespace weir {
namespace {

// The books are locked: what takes long was done before.
constexpr std::chrono::milliseconds shrink_patience{300};

bool is_populated(CgroupIo& io, const CgroupPath& cgroup) {
  const auto events = io.read(cgroup, file::cgroup_events);
  return events && flat_value(*events, "populated").value_or(0) != 0;
}

/// A limit that must not be written now, and why; nothing where it was.
using Hindrance = std::optional<std::string>;

/// Lowers memory.max as far as nobody is killed for it.
Result<Hindrance> lower_memory(CgroupIo& io, const Change& change, Bytes limit) {
  WEIR_TRY(const auto squeezed, lower_memory_max(io, change.cgroup, limit, shrink_patience));
  if (squeezed.done()) return Hindrance{};
  return Hindrance{
      fmt::format("{} is in use and could not be taken back, {} more than the limit{}",
                  to_text(squeezed.after), to_text(squeezed.missing),
                  squeezed.pressed_in_vain ? "; memory.high only slowed it down" : "")};
}

/// The kernel lets a limit below what is in use come true by refusing every further fork.
Hindrance too_many_tasks(CgroupIo& io, const Change& change, std::int64_t limit) {
  const auto text = io.read(change.cgroup, file::pids_current);
  const auto usage = text ? parse_count(*text) : Result<std::int64_t>{0};
  if (!usage || *usage <= limit) return std::nullopt;
  return fmt::format("{} rose to {} meanwhile", file::pids_current, *usage);
}

/// What siblings may hold together once one of them could not shrink: a grower must wait, or the
/// same bytes would be promised twice (allocator.md, M1).
Hindrance must_wait(CgroupIo& io, const Change& change, const std::vector<Blocked>& blocked) {
  if (change.file != file::memory_max || blocked.empty()) return std::nullopt;
  const auto parent = change.cgroup.parent();
  const auto is_shrinker = [&](const Blocked& other) {
    return other.file == change.file && other.cgroup.parent() == parent;
  };
  const auto shrinker = std::ranges::find_if(blocked, is_shrinker);
  if (shrinker == blocked.end()) return std::nullopt;
  const auto most = io.read(parent, file::memory_max);
  const auto capacity = most ? limit_number(trim(*most)) : std::nullopt;
  const auto wanted = limit_number(change.to);
  const auto names = io.children(parent);
  if (!capacity || !wanted || !names) return std::nullopt;
  std::int64_t sum = *wanted;
  for (const auto& name : *names) {
    const auto sibling = parent.child(name);
    if (!sibling || *sibling == change.cgroup) continue;
    const auto text = io.read(*sibling, file::memory_max);
    const auto limit = text ? limit_number(trim(*text)) : std::nullopt;
    if (limit) sum += *limit;
  }
  if (sum <= *capacity) return std::nullopt;
  return fmt::format("waits for {}, which could not shrink", shrinker->cgroup.leaf());
}

/// Makes a change that might have to be left: done, blocked, or an error. Nothing where it is an
/// ordinary one.
std::optional<Result<Hindrance>> make_with_care(CgroupIo& io, const Change& change,
                                                const std::vector<Blocked>& blocked) {
  if (change.op != Op::write) return std::nullopt;
  if (change.phase == Phase::raise) {
    if (auto reason = must_wait(io, change, blocked)) return Result<Hindrance>{std::move(reason)};
    return std::nullopt;
  }
  if (change.phase != Phase::lower) return std::nullopt;
  const auto limit = limit_number(change.to);
  if (!limit || !is_populated(io, change.cgroup)) return std::nullopt;
  if (change.file == file::memory_max) return lower_memory(io, change, Bytes{*limit});
  if (change.file != file::pids_max) return std::nullopt;
  if (auto reason = too_many_tasks(io, change, *limit)) return Result<Hindrance>{std::move(reason)};
  return std::nullopt;
}

/// Siblings that are made next to each other, and then marked as weir's. Directory by directory it
/// takes a sixth longer, for the kernel looks every new one up between two changes of the directory
/// above; whoever is killed in between leaves a few that the next apply takes over.
std::span<const Change> makes_from(const std::vector<Change>& changes, std::size_t first) {
  constexpr std::size_t most = 16;
  const auto parent = changes[first].cgroup.parent();
  auto end = first;
  while (end < changes.size() && end - first < most && changes[end].op == Op::make &&
         changes[end].cgroup.is_child_of(parent))
    ++end;
  return {changes.begin() + static_cast<std::ptrdiff_t>(first), end - first};
}

/// `done` counts those that are made and marked.
Status make_all(CgroupIo& io, std::span<const Change> makes, std::size_t& done) {
  std::size_t made = 0;
  Status result;
  for (; made < makes.size(); ++made) {
    result = io.make(makes[made].cgroup);
    if (!result && result.error().sys != EEXIST) break;
    result = {};
  }
  for (; done < made; ++done)
    if (const auto& record = makes[done].record; !record.empty())
      WEIR_CHECK(io.set_attribute(makes[done].cgroup, attribute::pool, record));
  return result;
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

/// The writes to one cgroup that stand together; one at a time where it is checked before each
/// whether the kernel would kill for it.
std::vector<FileWrite> writes_from(const std::vector<Change>& changes, std::size_t first,
                                   bool carefully) {
  std::vector<FileWrite> out;
  for (std::size_t i = first; i < changes.size(); ++i) {
    const auto& change = changes[i];
    if (change.op != Op::write || change.cgroup != changes[first].cgroup) break;
    if (i > first &&
        (change.phase == Phase::lower || (carefully && change.file == file::memory_max)))
      break;
    out.push_back({change.file, change.to});
  }
  return out;
}

/// Makes the change at `first` and those behind it that go with it; `done` counts them.
Status run(CgroupIo& io, const std::vector<Change>& changes, std::size_t first, bool carefully,
           std::size_t& done) {
  switch (changes[first].op) {
    case Op::make:
      return make_all(io, makes_from(changes, first), done);
    case Op::write:
      return io.write_several(changes[first].cgroup, writes_from(changes, first, carefully), done);
    case Op::remove: {
      auto removed = remove(io, changes[first]);
      done = removed ? 1 : 0;
      return removed;
    }
    case Op::migrate:
      break;
  }
  return fail(Errc::failed, "a plan of pools moves no processes");
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
    if (auto made = make_with_care(io, changes[i], report.blocked)) {
      if (!*made) {
        stop(std::move(*made).error(), i);
        continue;
      }
      if (const auto& reason = **made)
        report.blocked.push_back(
            {changes[i].cgroup, changes[i].file, changes[i].to, *reason, false});
      else
        ++report.done;
      ++i;
      continue;
    }
    std::size_t done = 0;
    auto made = run(io, changes, i, !report.blocked.empty(), done);
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
