// SPDX-License-Identifier: Apache-2.0
#include "hook_state.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/processes.h"
#include "weir/model/kernel_files.h"
#include "weir/runtime/books.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds for_the_answer{300};
constexpr std::size_t longest_bundle = 2048;

bool is_plain_path(std::string_view path) {
  const auto parts = split(path, '/');
  return path.size() <= longest_bundle && path.starts_with('/') &&
         path.find('\0') == std::string_view::npos && printable(path, path.size()) == path &&
         std::ranges::none_of(parts, [](auto part) { return part == ".."; });
}

/// Where a container's process is among the pools.
struct Spot {
  std::size_t pool = 0;
  CgroupPath leaf;
};
std::optional<Spot> find_spot(const PoolTree& tree, const CgroupPath& cgroup) {
  for (std::size_t i = 0; i < tree.pools.size(); ++i) {
    const auto& pool = tree.pools[i];
    if (!pool.children.empty() || cgroup == pool.path || !cgroup.is_within(pool.path)) continue;
    auto leaf = cgroup;
    while (leaf.parent() != pool.path) leaf = leaf.parent();
    return Spot{i, std::move(leaf)};
  }
  return std::nullopt;
}

/// The bundle's description; empty where it cannot be had, which is no reason to refuse anybody.
OciConfig read_bundle(const OciState& state) {
  if (state.bundle.empty()) return {};
  const auto text = read_small_file(state.bundle + "/config.json", longest_oci_text);
  auto config = text ? OciConfig::parse(*text) : tl::unexpected(text.error());
  return config ? std::move(*config) : OciConfig{};
}

class Note {
 public:
  Note(HookDesk& desk, const OciState& state, HookStage stage, Deadline& deadline)
      : desk_(desk),
        state_(state),
        stage_(stage),
        deadline_(deadline),
        doing_(fmt::format("hook {}", to_text(stage))) {}

  HookReply run() {
    const auto cgroup = cgroup_below(desk_.rules, static_cast<int>(state_.pid));
    if (!cgroup && !read_process_cgroup(static_cast<int>(state_.pid)))
      return stage_ == HookStage::poststart
                 ? HookReply{}  // it has ended already
                 : refusal({Errc::not_found, 0, fmt::format("no process {}", state_.pid), {}, {}});
    const auto spot = cgroup ? find_spot(desk_.rules.tree, *cgroup) : std::nullopt;
    if (!spot) return stage_ == HookStage::poststart ? HookReply{} : judge_outsider();
    auto noted = enter(*spot);
    if (noted) return {};
    const auto on_error = stage_ == HookStage::poststart
                              ? OnError::open
                              : desk_.rules.tree.pools[spot->pool].spec.on_error;
    return lets_start(noted.error(), on_error) ? HookReply{0, {}, complaint(noted.error(), doing_)}
                                               : refusal(noted.error());
  }

 private:
  [[nodiscard]] HookReply refusal(const Error& error) const {
    return {stage_ == HookStage::poststart ? 0 : 1, {}, complaint(error, doing_)};
  }

  Status enter(const Spot& spot) {
    auto lock = desk_.run_dir.lock_books_within(
        std::max(deadline_.left() - for_the_answer, for_the_answer));
    if (!lock) return tl::unexpected(own_failure(std::move(lock).error()));
    Books books(desk_.io, desk_.rules.tree, desk_.run_dir);
    WEIR_TRY(const auto known, desk_.io.attribute(spot.leaf, attribute::container));
    if (known) return check_identity(*known);
    WEIR_TRY(const auto booked, books.bookings());
    for (auto booking : booked) {
      if (booking.path != spot.leaf) continue;
      booking.record.runtime = {state_.id, state_.bundle};
      return books.settle(booking);
    }
    return enter_unbooked(books, spot);
  }

  /// The process of a reused id is in somebody else's container.
  Status check_identity(const std::string& text) const {
    const auto record = ContainerRecord::parse(text);
    if (!record || record->runtime.id.empty() || record->runtime.id == state_.id) return {};
    return fail(Errc::conflict,
                fmt::format("process {} is in container '{}', not in '{}'", state_.pid,
                            record->name.str(), printable(state_.id, 80)));
  }

  Status enter_unbooked(Books& books, const Spot& spot) {
    const auto path = CgroupsPath::parse("/" + spot.leaf.str());
    if (!path) return tl::unexpected(path.error());
    WEIR_TRY(auto placement, place_in(desk_.rules, spot.pool, read_bundle(state_), *path,
                                      find_caller(desk_.io, desk_.rules, std::nullopt)));
    placement.record.runtime = {state_.id, state_.bundle};
    placement.record.since_us = wall_us();
    WEIR_TRY(auto verdict, books.ask(spot.pool, placement.record));
    if (verdict.refused) return tl::unexpected(std::move(*verdict.refused));
    return books.enter(spot.pool, spot.leaf, placement.record);
  }

  /// The container is in no pool. Should it be?
  [[nodiscard]] HookReply judge_outsider() const {
    const auto config = read_bundle(state_);
    if (!config.cgroups_path) return {};
    const auto path = CgroupsPath::parse(*config.cgroups_path);
    const auto pool = path ? choose_pool(desk_.rules, config, *path)
                           : Result<std::optional<std::size_t>>{std::optional<std::size_t>{}};
    if (!pool) return refusal(pool.error());
    if (!*pool) return {};
    const auto& wanted = desk_.rules.tree.pools[**pool];
    Error error;
    error.code = Errc::denied;
    error.message = fmt::format("the container belongs into pool '{}' and is outside of it",
                                wanted.name().str());
    error.hint =
        "`weir hook install podman` puts containers into their pools; other runtimes: "
        "weir-runtime, or --cgroup-parent";
    return {wanted.spec.on_error == OnError::closed ? 1 : 0, {}, complaint(error, doing_)};
  }

  HookDesk& desk_;
  const OciState& state_;
  HookStage stage_;
  Deadline& deadline_;
  std::string doing_;
};

}  // namespace

std::string id_in_leaf(std::string_view leaf) {
  constexpr std::array<std::string_view, 4> prefixes{"libpod-", "docker-", "crun-", "runc-"};
  auto name = ContainerName::of_leaf(leaf).str();
  for (const auto prefix : prefixes)
    if (name.starts_with(prefix) && name.size() > prefix.size()) return name.substr(prefix.size());
  return name;
}

Status check_state(const OciState& state, HookStage stage) {
  if (!ContainerName::parse_existing(state.id))
    return fail(Errc::usage,
                fmt::format("'{}' is not the id of a container", printable(state.id, 80)));
  if (!state.bundle.empty() && !is_plain_path(state.bundle))
    return fail(Errc::usage,
                fmt::format("'{}' is not the path of a bundle", printable(state.bundle, 80)));
  constexpr std::int64_t most_pid = std::int64_t{1} << 22;
  if (stage != HookStage::poststop && (state.pid <= 1 || state.pid > most_pid))
    return fail(Errc::usage, fmt::format("{} is not the process of a container", state.pid));
  return {};
}

HookReply note_container(HookDesk& desk, const OciState& state, HookStage stage,
                         Deadline& deadline) {
  return Note(desk, state, stage, deadline).run();
}

HookReply release_container(HookDesk& desk, const OciState& state, std::string_view doing) {
  const auto released = [&]() -> Status {
    WEIR_TRY(auto lock, desk.run_dir.lock_books_within(hook_patience - for_the_answer));
    Books books(desk.io, desk.rules.tree, desk.run_dir);
    WEIR_TRY(const auto booked, books.bookings());
    for (const auto& booking : booked)
      if (booking.record.runtime.id == state.id && !desk.io.exists(booking.path))
        WEIR_CHECK(books.cancel(booking));
    // Its cgroup went without weir: looking at the sums brings them in line.
    for (std::size_t i = 0; i < desk.rules.tree.pools.size(); ++i)
      if (desk.rules.tree.pools[i].children.empty()) WEIR_CHECK(books.room(i));
    return {};
  }();
  if (released) return {};
  return {0, {}, complaint(released.error(), doing)};
}

}  // namespace weir
