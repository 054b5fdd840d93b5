// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/leaf.h"

#include <cerrno>
#include <fmt/format.h>

#include "weir/cgroup/clear.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_value.h"
#include "weir/policy/desired.h"
#include "weir/runtime/containers.h"

namespace weir {
namespace {

constexpr std::string_view half_made = "half-made";

}  // namespace

Status remove_half_made(Session& session) {
  const auto text = session.run_dir.note(half_made);
  if (text.empty()) return {};
  const auto path = CgroupPath::parse(text);
  const bool ours = path && *path != session.tree.top && path->is_within(session.tree.top);
  if (ours && session.io.exists(*path) &&
      !session.io.attribute(*path, attribute::container).value_or(std::nullopt)) {
    auto removed = session.io.remove(*path);
    // Populated meanwhile: somebody else's now.
    if (!removed && removed.error().sys != EBUSY && removed.error().sys != ENOENT) return removed;
  }
  session.run_dir.remove_note(half_made);
  return {};
}

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

Status make_leaf(Session& session, const CgroupPath& path, const ContainerRecord& record,
                 const Pool& pool, std::uint16_t weight) {
  WEIR_CHECK(remove_half_made(session));
  ignore(session.run_dir.leave_note(half_made, path.str()), "without it only a crash leaks a leaf");
  FileValues limits;
  for (const auto& [name, value] : container_files(record, pool, weight))
    if (!same_value(name, default_value(name).value_or(""), value)) limits.emplace(name, value);
  auto made = session.io.make_for(path, limits);
  if (!made) session.run_dir.remove_note(half_made);  // the cgroup there is not ours
  if (!made && made.error().sys == EEXIST)
    return fail(Errc::conflict,
                made.error().hint.empty()
                    ? fmt::format("container '{}' exists already", record.name.str())
                    : made.error().message,
                made.error().hint.empty() ? "choose another --name, or `weir ps` to see it"
                                          : made.error().hint);
  if (!made && made.error().sys == EAGAIN)
    return fail(Errc::no_capacity,
                fmt::format("{}: the kernel allows no further cgroup (cgroup.max.descendants)",
                            pool.path.str()));
  WEIR_CHECK(std::move(made));
  const auto fill = [&]() -> Status {
    WEIR_CHECK(session.io.set_attribute(path, attribute::container, record.str()));
    session.run_dir.remove_note(half_made);
    for (const auto& [name, value] : limits) WEIR_CHECK(session.io.write(path, name, value));
    return {};
  };
  auto filled = fill();
  if (!filled) {
    ignore(session.io.remove(path), "the first error is the one to report");
    session.run_dir.remove_note(half_made);
  }
  return filled;
}

Status make_member(Session& session, std::size_t pool, const CgroupPath& path,
                   const ContainerRecord& record) {
  WEIR_TRY(const auto weight, newcomer_weight(session, pool, record));
  return make_leaf(session, path, record, session.tree.pools[pool], weight);
}

Status check_name_is_free(Session& session, Books& books, const ContainerName& name) {
  if (session.tree.find(name.str()))
    return fail(Errc::usage, fmt::format("'{}' is the name of a pool", name.str()),
                "give the container another --name");
  const auto taken = find_container(session.io, session.tree, name);
  if (!taken) return {};
  WEIR_TRY(const bool empty, wait_unpopulated(session.io, *taken, std::chrono::milliseconds{0}));
  if (empty && session.io.attribute(*taken, attribute::container).value_or(std::nullopt))
    return books.remove(*taken);
  return fail(
      Errc::conflict,
      fmt::format("container '{}' exists already, in {}", name.str(), taken->parent().leaf()),
      "choose another --name; `weir ps` shows the containers");
}

}  // namespace weir
