// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/prepare.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/cgroup/users.h"
#include "weir/model/kernel_text.h"

namespace weir {
namespace {

const std::string folder_name = "hook", file_name = "rules";

void add_once(std::vector<std::uint32_t>& ids, std::uint32_t id) {
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

AllowedIds look_up(const Pool& pool, std::vector<std::string>& warnings) {
  AllowedIds out;
  if (!pool.spec.allow) return out;
  const auto missing = [&](std::string_view kind, const std::string& name) {
    warnings.push_back(fmt::format("pool '{}' allows {} '{}', which this host does not have",
                                   pool.name().str(), kind, printable(name, 60)));
  };
  for (const auto& name : pool.spec.allow->users) {
    if (const auto user = find_user(name))
      add_once(out.users, user->uid);
    else
      missing("user", name);
  }
  for (const auto& name : pool.spec.allow->groups) {
    const auto group = find_members(name);
    if (!group) {
      missing("group", name);
      continue;
    }
    add_once(out.groups, group->gid);
    for (const auto uid : group->users) add_once(out.users, uid);
  }
  return out;
}

/// Runtimes count their cgroup paths from the root of the hierarchy, weir from its own mount.
std::string prefix_of(const std::string& mount) {
  const auto mountinfo = read_small_file("/proc/self/mountinfo");
  const auto whole = mountinfo ? find_cgroup2(*mountinfo) : std::nullopt;
  if (!whole || !mount.starts_with(whole->mount_point)) return {};
  auto rest = mount.substr(whole->mount_point.size());
  while (rest.ends_with('/')) rest.pop_back();
  return rest.starts_with('/') ? rest : std::string{};
}

}  // namespace

HookRules make_hook_rules(Session& session) {
  HookRules rules;
  rules.on_error = session.config.hook.on_error;
  rules.max_wait = session.config.hook.max_wait;
  rules.mount = session.host.cgroup ? session.host.cgroup->mount : "/sys/fs/cgroup";
  rules.prefix = prefix_of(rules.mount);
  rules.runtime = session.config.runtime.path;
  rules.tree = session.tree;
  for (const auto& pool : rules.tree.pools)
    rules.allowed.push_back(look_up(pool, session.warnings));
  if (const auto& name = session.config.host.default_pool)
    rules.default_pool = rules.tree.find(name->value);
  return rules;
}

Status prepare_hook(Session& session) {
  const auto rules = make_hook_rules(session);
  WEIR_TRY(const auto folder, session.run_dir.folder(folder_name));
  // A second apply writes nothing.
  const auto text = rules.str();
  if (folder.read(file_name) != text) WEIR_CHECK(folder.write(file_name, text));
  const auto kept = session.io.attribute(session.tree.top, attribute::hook_on_error);
  const std::string wanted{to_text(rules.on_error)};
  if (kept && *kept == wanted) return {};
  return session.io.set_attribute(session.tree.top, attribute::hook_on_error, wanted);
}

Status prepare_hook_if_missing(Session& session) {
  WEIR_TRY(const auto folder, session.run_dir.folder(folder_name));
  WEIR_TRY(const auto names, folder.names());
  if (!names.empty() || !session.io.exists(session.tree.top)) return {};
  return prepare_hook(session);
}

Status forget_hook(Session& session) {
  WEIR_TRY(const auto folder, session.run_dir.folder(folder_name));
  return folder.remove(file_name);
}

}  // namespace weir
