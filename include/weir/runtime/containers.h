// SPDX-License-Identifier: Apache-2.0
// The containers in the pools, as the tree itself remembers them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "weir/model/observed.h"
#include "weir/policy/desired.h"
#include "weir/runtime/session.h"

namespace weir {

/// Containers of `observed` that lie in a pool of `tree`.
std::vector<Member> members_of(const PoolTree& tree, const ObservedTree& observed);

/// The containers of one pool alone: one directory is read, whatever the host's size.
Result<std::vector<Member>> read_members(CgroupIo& io, const PoolTree& tree, std::size_t pool);

/// The path a container of this name would have in `pool`.
Result<CgroupPath> container_path(const PoolTree& tree, std::size_t pool,
                                  const ContainerName& name);

/// Where a container of this name lies now, in whichever pool.
std::optional<CgroupPath> find_container(CgroupIo& io, const PoolTree& tree,
                                         const ContainerName& name);

/// The container that a user means by `name`: its name, or the first eight or more hexadecimal
/// digits of the id that its runtime gave it, where they mean one container only.
std::optional<CgroupPath> find_container_called(CgroupIo& io, const PoolTree& tree,
                                                std::string_view name);

/// Removes the cgroups of containers that ended while nobody watched (a killed `weir run`), and
/// what moves left behind once it has drained. The books must be locked. Returns how many.
Result<std::size_t> reclaim_dead(Session& session, const ObservedTree& observed);

/// Brings cpu.weight of a pool's members in line with who is there now; writes only what differs.
/// The books must be locked.
Status settle_weights(Session& session, std::size_t pool);

/// The cpu.weight of a container that is about to join the members of `pool`. The books must be
/// locked.
Result<std::uint16_t> newcomer_weight(Session& session, std::size_t pool,
                                      const ContainerRecord& record);

/// The pool called `name`, which must hold containers itself. Errc::not_found with the nearest
/// name.
Result<std::size_t> find_leaf_pool(const PoolTree& tree, std::string_view name);

/// The pool called `name`. Errc::not_found with the nearest name.
Result<std::size_t> find_pool(const PoolTree& tree, std::string_view name);

}  // namespace weir
