// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/remains.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/clear.h"
#include "weir/cgroup/count_in.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/kernel_value.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/journal.h"

#include "record_io.h"

namespace weir {
namespace {

/// Less than this is the kernel's own book-keeping, which stays with a cgroup to its end.
constexpr Bytes drained{std::int64_t{1} << 20};
constexpr int reclaim_rounds = 4;

Bytes read_bytes(CgroupIo& io, const CgroupPath& cgroup, std::string_view name) {
  return Bytes{count_in(io, cgroup, name).value_or(0)};
}

/// The container as its new pool has it, or nothing where it has ended.
std::optional<Member> find_owner(const std::vector<Member>& members, const ContainerName& name) {
  const auto at = std::ranges::find_if(
      members, [&](const Member& member) { return member.record.name == name; });
  return at == members.end() ? std::nullopt : std::optional{*at};
}

class Settler {
 public:
  Settler(Session& session, const ObservedTree& observed)
      : session_(session),
        observed_(observed),
        members_(members_of(session.tree, observed)),
        busy_(busy_cgroups(session.run_dir)) {}

  /// A cgroup that is to go, or to be filled. With processes in it, it is about to become the one
  /// the container is in, or somebody entered it: left alone.
  Status settle(const ObservedCgroup& cgroup) {
    if (cgroup.populated || std::ranges::find(busy_, cgroup.path) != busy_.end()) return {};
    const auto* pool = pool_at(cgroup.path.parent());
    auto owner = find_owner(members_, cgroup.container->name);
    if (!pool || !owner || !share_of(owner->record, *pool)) return remove(cgroup.path);
    if (std::ranges::find(busy_, owner->path) != busy_.end()) return {};
    const auto now = charged_to(session_.io, cgroup.path);
    if (now <= drained) {
      WEIR_CHECK(remove(cgroup.path));
      return give_back(*owner, pool->name(), Bytes{});
    }
    if (now >= cgroup.container->memory_reserved()) return {};
    auto record = *cgroup.container;
    record.memory_request = now;
    WEIR_CHECK(set_record(session_.io, cgroup.path, record));
    WEIR_CHECK(lower_old_limit(cgroup.path, now, owner->record));
    // The pool's sum still has what it held before.
    if (const auto index = session_.tree.find_at(cgroup.path.parent()))
      WEIR_CHECK(session_.books().recount(*index, true));
    return give_back(*owner, pool->name(), now);
  }

  /// A container whose former cgroup is gone (systemd removes an empty scope): what that one held
  /// is charged to its pool now, which holds no more of it than what none of its cgroups accounts
  /// for.
  Status settle_owner(const ObservedCgroup& cgroup) {
    if (std::ranges::find(busy_, cgroup.path) != busy_.end()) return {};
    const auto owner = find_owner(members_, cgroup.container->name);
    if (!owner) return {};
    for (const auto& part : owner->record.left_behind) {
      const auto pool = session_.tree.find(part.pool.str());
      if (pool && has_remains(session_.tree.pools[*pool], owner->record.name)) continue;
      const auto now = pool ? unaccounted(session_.tree.pools[*pool].path) : Bytes{};
      if (now > drained && now >= part.bytes) continue;
      // One at a time: the record changes under us.
      return give_back(*owner, part.pool, now > drained ? now : Bytes{});
    }
    return {};
  }

  [[nodiscard]] std::size_t removed() const { return removed_; }

 private:
  const Pool* pool_at(const CgroupPath& path) const {
    const auto at = session_.tree.find_at(path);
    return at ? &session_.tree.pools[*at] : nullptr;
  }

  bool has_remains(const Pool& pool, const ContainerName& name) {
    return std::ranges::any_of(observed_.cgroups, [&](const ObservedCgroup& cgroup) {
      return cgroup.container && cgroup.container->remains && cgroup.container->name == name &&
             cgroup.path.parent() == pool.path;
    });
  }

  /// What is charged to a slice itself and to none of the cgroups in it.
  Bytes unaccounted(const CgroupPath& slice) {
    auto left = charged_to(session_.io, slice);
    const auto names = session_.io.children(slice);
    if (!names) return Bytes{};
    for (const auto& name : *names)
      if (const auto below = slice.child(name)) {
        const auto part = charged_to(session_.io, *below);
        left = part < left ? left - part : Bytes{};
      }
    return left;
  }

  static bool share_of(const ContainerRecord& record, const Pool& pool) {
    return std::ranges::find(record.left_behind, pool.name(), &LeftBehind::pool) !=
           record.left_behind.end();
  }

  Status remove(const CgroupPath& cgroup) {
    auto done = remove_tree(session_.io, cgroup);
    if (done) ++removed_;
    if (!done && done.error().sys == EBUSY) return {};  // somebody came in
    return done;
  }

  Status lower_old_limit(const CgroupPath& cgroup, Bytes now, const ContainerRecord& owner) {
    if (!owner.memory_limit) return {};
    return session_.io.write(cgroup, file::memory_max, memory_text(now + drained));
  }

  /// The container may use again what its former pool no longer holds.
  Status give_back(const Member& owner, const PoolName& pool, Bytes left) {
    auto record = owner.record;
    std::erase_if(record.left_behind, [&](const LeftBehind& part) { return part.pool == pool; });
    if (left > Bytes{}) record.left_behind.push_back({left, pool});
    WEIR_CHECK(set_record(session_.io, owner.path, record));
    if (!record.memory_limit) return {};
    return session_.io.write(owner.path, file::memory_max, memory_text(record.memory_allowed()));
  }

  Session& session_;
  const ObservedTree& observed_;
  std::vector<Member> members_;
  std::vector<CgroupPath> busy_;
  std::size_t removed_ = 0;
};

}  // namespace

Bytes charged_to(CgroupIo& io, const CgroupPath& cgroup) {
  return read_bytes(io, cgroup, file::memory_current) +
         read_bytes(io, cgroup, file::memory_swap_current);
}

Bytes reclaimable(CgroupIo& io, const CgroupPath& cgroup) {
  const auto text = io.read(cgroup, file::memory_stat);
  if (!text) return Bytes{};
  std::uint64_t sum = 0;
  for (const auto* key : {"active_file", "inactive_file", "slab_reclaimable"})
    sum += flat_value(*text, key).value_or(0);
  return Bytes{static_cast<std::int64_t>(std::min<std::uint64_t>(sum, std::uint64_t{1} << 60))};
}

Bytes reclaim(CgroupIo& io, const CgroupPath& cgroup, Bytes wanted) {
  Bytes freed;
  for (int round = 0; round < reclaim_rounds && freed + drained < wanted; ++round) {
    const auto before = read_bytes(io, cgroup, file::memory_current);
    const auto done =
        io.write(cgroup, file::memory_reclaim, fmt::format("{}", (wanted - freed).value));
    const auto after = read_bytes(io, cgroup, file::memory_current);
    if (after < before) freed += before - after;
    // EAGAIN: it took back what it could (kernel.md #26).
    if (!done || after >= before) break;
  }
  return freed;
}

Result<std::size_t> settle_remains(Session& session, const ObservedTree& observed) {
  const auto concerned = [](const ObservedCgroup& cgroup) {
    return cgroup.container &&
           (cgroup.container->remains || !cgroup.container->left_behind.empty());
  };
  if (std::ranges::none_of(observed.cgroups, concerned)) return std::size_t{0};
  Settler settler(session, observed);
  for (const auto& cgroup : observed.cgroups) {
    if (!concerned(cgroup)) continue;
    auto settled =
        cgroup.container->remains ? settler.settle(cgroup) : settler.settle_owner(cgroup);
    if (!settled && !is_gone(settled.error())) return tl::unexpected(settled.error());
  }
  return settler.removed();
}

}  // namespace weir
