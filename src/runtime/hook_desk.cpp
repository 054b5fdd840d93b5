// SPDX-License-Identifier: Apache-2.0
#include "hook_desk.h"

#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/processes.h"
#include "weir/model/record.h"
#include "weir/runtime/prepare.h"

#include "record_io.h"

namespace weir {
namespace {

constexpr std::string_view usual_mount = "/sys/fs/cgroup";

Result<HookDesk> open_desk(const std::string& path) {
  WEIR_TRY(auto run_dir, RunDir::open(path));
  WEIR_TRY(const auto text, read_single_file(hook_rules_path(path), longest_hook_rules));
  auto rules = HookRules::parse(text);
  if (!rules) return tl::unexpected(std::move(rules).error().with(hook_rules_path(path)));
  WEIR_TRY(auto io, CgroupFs::open(rules->mount));
  return HookDesk{std::move(*rules), std::move(io), std::move(run_dir), {}};
}

/// The top slice says so itself, on whatever it is called.
std::optional<OnError> on_error_in_kernel() {
  auto io = CgroupFs::open(std::string{usual_mount});
  if (!io) return std::nullopt;
  const auto names = io->children({});
  if (!names) return std::nullopt;
  for (const auto& name : *names) {
    const auto path = CgroupPath::parse(name);
    if (!path || !name.ends_with(".slice")) continue;
    const auto text = io->attribute(*path, attribute::hook_on_error).value_or(std::nullopt);
    if (text) return *text == to_text(OnError::closed) ? OnError::closed : OnError::open;
  }
  return std::nullopt;
}

/// The path below the tree's mount of what /proc says; nothing where it is outside.
std::optional<CgroupPath> below_mount(const HookRules& rules,
                                      const std::optional<std::string>& whole) {
  if (!whole || !whole->starts_with(rules.prefix)) return std::nullopt;
  const auto below = std::string_view{*whole}.substr(rules.prefix.size());
  if (!below.starts_with('/')) return std::nullopt;
  auto path = CgroupPath::parse(below.substr(1));
  return path ? std::optional{std::move(*path)} : std::nullopt;
}

}  // namespace

std::string hook_rules_path(const std::string& run_dir) { return run_dir + "/private/hook/rules"; }

Result<HookDesk> open_hook_desk(const std::string& run_dir) {
  auto desk = open_desk(run_dir);
  if (desk) return desk;
  auto error = own_failure(std::move(desk).error());
  if (error.hint.empty()) error.hint = "`weir apply` prepares what the hook needs";
  return tl::unexpected(std::move(error));
}

OnError on_error_without_desk(const std::string& run_dir, OnError otherwise) {
  const auto text = read_small_file(hook_rules_path(run_dir), longest_hook_rules);
  if (text)
    if (const auto said = HookRules::parse_on_error(*text)) return *said;
  return on_error_in_kernel().value_or(otherwise);
}

bool lets_start(const Error& error, OnError on_error) {
  const bool own = error.code == Errc::failed || error.code == Errc::unsupported;
  return own && on_error == OnError::open;
}

std::string complaint(const Error& error, std::string_view doing) {
  auto line =
      fmt::format("weir: {}: {}: {}", code_name(error.code), doing, printable(error.message, 600));
  if (!error.hint.empty()) line += fmt::format("\nhint: {}", printable(error.hint, 300));
  return line;
}

std::optional<CgroupPath> cgroup_below(const HookRules& rules, int pid) {
  return below_mount(rules, read_process_cgroup(pid));
}

HookCaller find_caller(CgroupIo& io, const HookRules& rules,
                       const std::optional<CgroupPath>& inside) {
  auto owner = process_owner();
  if (owner.uid == 0 && inside && inside->is_within(rules.tree.top))
    for (auto path = *inside; path != rules.tree.top; path = path.parent()) {
      const auto record = read_record(io, path).value_or(std::nullopt);
      if (!record || record->owner_uid == 0) continue;
      return {record->owner_uid, {}};
    }
  return {owner.uid, std::move(owner.groups)};
}

Result<std::optional<Placement>> find_place(HookDesk& desk, const OciConfig& config,
                                            const CgroupsPath& path,
                                            const std::optional<std::string>& pool_name) {
  std::optional<std::size_t> pool;
  if (pool_name) {
    pool = desk.rules.tree.find(*pool_name);
    if (!pool)
      return fail(Errc::not_found, fmt::format("no pool '{}'", printable(*pool_name, 60)),
                  "`weir pool list` shows the pools");
  } else {
    WEIR_TRY(pool, choose_pool(desk.rules, config, path));
  }
  if (!pool) return std::optional<Placement>{};
  desk.inside = below_mount(desk.rules, read_own_cgroup());
  WEIR_TRY(auto placement, place_in(desk.rules, *pool, config, path,
                                    find_caller(desk.io, desk.rules, desk.inside)));
  return std::optional{std::move(placement)};
}

}  // namespace weir
