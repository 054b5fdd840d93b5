// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/observe.h"

#include <array>
#include <cerrno>

#include "weir/base/text.h"
#include "weir/cgroup/count_in.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

/// More levels than pools can have are a stranger's and of no interest here.
constexpr std::size_t max_depth = max_pool_depth + 2;

constexpr std::array pool_files{
    file::cpu_weight, file::cpu_max,         file::memory_min, file::memory_low,  file::memory_high,
    file::memory_max, file::memory_swap_max, file::pids_max,   file::cpuset_cpus, file::io_max};
constexpr std::array container_files{
    file::cpu_weight,      file::cpu_max,          file::memory_min,
    file::memory_low,      file::memory_high,      file::memory_max,
    file::memory_swap_max, file::memory_oom_group, file::cgroup_freeze};

/// Reads `files` that exist; a missing controller leaves its files out.
template <std::size_t N>
Status read_files(CgroupIo& io, const std::array<std::string_view, N>& files, ObservedCgroup& out) {
  for (const auto name : files) {
    auto text = io.read(out.path, name);
    if (!text && (text.error().sys == ENOENT || text.error().sys == EOPNOTSUPP)) continue;
    if (!text) return pass(std::move(text));
    out.files.emplace(name, trim(*text));
  }
  return {};
}

Status read_common(CgroupIo& io, ObservedCgroup& out) {
  WEIR_TRY(const auto events, io.read(out.path, file::cgroup_events));
  out.populated = flat_value(events, "populated").value_or(0) != 0;
  out.frozen = flat_value(events, "frozen").value_or(0) != 0;
  out.memory_current = count_in(io, out.path, file::memory_current).value_or(0);
  out.pids_current = count_in(io, out.path, file::pids_current).value_or(0);
  return {};
}

Status read_slice(CgroupIo& io, ObservedCgroup& out) {
  WEIR_TRY(const auto control, io.read(out.path, file::cgroup_subtree_control));
  for (const auto word : split_words(control)) out.subtree_control.emplace_back(word);
  return read_files(io, pool_files, out);
}

/// What the cgroup is, from its name and weir's record on it.
Status classify(CgroupIo& io, ObservedCgroup& out) {
  const bool slice = out.path.leaf().ends_with(".slice");
  WEIR_TRY(const auto text, io.attribute(out.path, slice ? attribute::pool : attribute::container));
  if (!text) return {};
  if (slice) {
    if (auto record = PoolRecord::parse(*text)) {
      out.pool = std::move(*record);
      if (out.kind == CgroupKind::foreign) out.kind = CgroupKind::pool;
    }
  } else if (auto record = ContainerRecord::parse(*text)) {
    out.container = std::move(*record);
    out.kind = CgroupKind::container;
  }
  return {};
}

class Walker {
 public:
  Walker(CgroupIo& io, Depth depth, ObservedTree& tree) : io_(io), depth_(depth), tree_(tree) {}

  Status visit(const CgroupPath& path, CgroupKind kind, std::size_t level) {
    ObservedCgroup here;
    here.path = path;
    here.kind = kind;
    WEIR_CHECK(read_one(here));
    const bool descend =
        (here.kind == CgroupKind::pool || here.kind == CgroupKind::top) && level < max_depth;
    tree_.cgroups.push_back(std::move(here));
    if (!descend) return {};
    WEIR_TRY(const auto names, io_.children(path));
    for (const auto& name : names) WEIR_CHECK(visit_child(path, name, level));
    return {};
  }

 private:
  Status visit_child(const CgroupPath& parent, const std::string& name, std::size_t level) {
    if (depth_ == Depth::pools && !name.ends_with(".slice")) return {};
    const auto path = parent.child(name);
    if (!path) return {};  // a name weir would never make: a stranger's
    const auto size = tree_.cgroups.size();
    const auto done = visit(*path, CgroupKind::foreign, level + 1);
    if (!done && is_gone(done.error())) {
      tree_.cgroups.resize(size, ObservedCgroup{});
      return {};
    }
    return done;
  }

  Status read_one(ObservedCgroup& out) {
    WEIR_CHECK(classify(io_, out));
    WEIR_CHECK(read_common(io_, out));
    if (out.kind == CgroupKind::container) return read_files(io_, container_files, out);
    return read_slice(io_, out);
  }

  CgroupIo& io_;
  Depth depth_;
  ObservedTree& tree_;
};

}  // namespace

Result<ObservedTree> observe(CgroupIo& io, const CgroupPath& top, Depth depth) {
  ObservedTree tree;
  WEIR_TRY(const auto control, io.read(top.parent(), file::cgroup_subtree_control));
  for (const auto word : split_words(control)) tree.mount_subtree_control.emplace_back(word);
  if (!io.exists(top)) return tree;
  WEIR_CHECK(Walker(io, depth, tree).visit(top, CgroupKind::top, 0));
  return tree;
}

Result<Surroundings> observe_surroundings(CgroupIo& io, const CgroupPath& top) {
  Surroundings out;
  const auto parent = top.parent();
  // Threads, not processes: each of them weighs as much as a cgroup of the default weight.
  WEIR_TRY(const auto threads, io.read(parent, file::cgroup_threads));
  WEIR_TRY(out.tasks, parse_pids(threads));
  WEIR_TRY(const auto names, io.children(parent));
  for (const auto& name : names) {
    const auto sibling = parent.child(name);
    if (!sibling || *sibling == top) continue;
    const auto events = io.read(*sibling, file::cgroup_events);
    if (!events || flat_value(*events, "populated").value_or(0) == 0) continue;
    out.sibling_weights += count_in(io, *sibling, file::cpu_weight).value_or(0);
  }
  return out;
}

}  // namespace weir
