// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/leaf.h"

#include <cerrno>
#include <fmt/format.h>

#include "weir/cgroup/clear.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/desired.h"
#include "weir/runtime/containers.h"

#include "record_io.h"

namespace weir {
Status check_pool_is_applied(Session& session, const Pool& pool) {
  if (session.tree.backend == Backend::systemd) {
    // A slice may stand there because something referred to it; systemd enables the controllers.
    if (session.io.attribute(pool.path, attribute::pool).value_or(std::nullopt)) return {};
    return fail(Errc::not_found,
                fmt::format("pool '{}' is in the file but not in the kernel", pool.name().str()),
                "`weir apply` makes it");
  }
  WEIR_TRY(const auto control, [&]() -> Result<std::string> {
    auto text = session.io.read(pool.path, file::cgroup_subtree_control);
    if (!text && text.error().sys == ENOENT)
      return fail(Errc::not_found,
                  fmt::format("pool '{}' is in the file but not in the kernel", pool.name().str()),
                  "`weir apply` makes it");
    return text;
  }());
  for (const auto controller : {Controller::cpu, Controller::memory, Controller::pids})
    if (control.find(to_text(controller)) == std::string::npos)
      return fail(Errc::failed,
                  fmt::format("pool '{}' is only half made: controller {} is off",
                              pool.name().str(), to_text(controller)),
                  "`weir apply` finishes it");
  return {};
}

namespace {

/// What people run into, in words they can act on.
Error explain_make(Error error, const ContainerRecord& record, const Pool& pool) {
  if (error.sys == EEXIST) {
    error.code = Errc::conflict;
    if (error.hint.empty()) {
      error.message = fmt::format("container '{}' exists already", record.name.str());
      error.hint = "choose another --name, or `weir ps` to see it";
    }
  }
  if (error.sys == EAGAIN) {
    error.code = Errc::no_capacity;
    error.message = fmt::format("{}: the kernel allows no further cgroup (cgroup.max.descendants)",
                                pool.path.str());
  }
  return error;
}

/// What a container of this name, which has ended, left in pools it was moved out of.
Status remove_remains(Session& session, const ContainerName& name) {
  for (std::size_t i = 0; i < session.tree.pools.size(); ++i) {
    const auto path = container_path(session.tree, i, name);
    if (path && session.io.exists(*path)) WEIR_CHECK(remove_tree(session.io, *path));
  }
  return {};
}

}  // namespace

Result<WorkClaim> make_leaf(Session& session, Work work, const CgroupPath& path,
                            const ContainerRecord& record, const Pool& pool, std::uint16_t weight) {
  WEIR_TRY(auto claim, weir::claim(session, record.name.str(), {.work = work, .cgroup = path}));
  FileValues limits;
  for (const auto& [name, value] : container_files(record, pool, weight))
    if (!same_value(name, default_value(name).value_or(""), value)) limits.emplace(name, value);
  if (auto made = session.io.make_for(path, limits); !made) {
    claim.done();  // the cgroup there, if any, is not ours
    return tl::unexpected(explain_make(std::move(made).error(), record, pool));
  }
  const auto fill = [&]() -> Status {
    WEIR_CHECK(set_record(session.io, path, record));
    for (const auto& [name, value] : limits) WEIR_CHECK(session.io.write(path, name, value));
    return {};
  };
  auto filled = fill();
  if (filled) return claim;
  // Where it cannot be removed the claim's entry has the next command try again.
  if (session.io.remove(path)) claim.done();
  return pass(std::move(filled));
}

Result<WorkClaim> make_member(Session& session, Work work, std::size_t pool, const CgroupPath& path,
                              const ContainerRecord& record) {
  WEIR_TRY(const auto weight, newcomer_weight(session, pool, record));
  return make_leaf(session, work, path, record, session.tree.pools[pool], weight);
}

Status check_name_is_free(Session& session, Books& books, const ContainerName& name) {
  if (session.tree.find(name.str()))
    return fail(Errc::usage, fmt::format("'{}' is the name of a pool", name.str()),
                "give the container another --name");
  const auto taken = find_container(session.io, session.tree, name);
  if (!taken) return remove_remains(session, name);
  WEIR_TRY(const bool empty, wait_unpopulated(session.io, *taken, std::chrono::milliseconds{0}));
  if (empty && session.io.attribute(*taken, attribute::container).value_or(std::nullopt))
    return books.remove(*taken);
  return fail(
      Errc::conflict,
      fmt::format("container '{}' exists already, in {}", name.str(), taken->parent().leaf()),
      "choose another --name; `weir ps` shows the containers");
}

}  // namespace weir
