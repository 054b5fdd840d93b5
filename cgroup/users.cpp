// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/users.h"

#include <array>
#include <fmt/format.h>
#include <grp.h>
#include <limits>
#include <optional>
#include <pwd.h>

#include "weir/base/text.h"

namespace weir {
namespace {

constexpr std::size_t longest_name = 256;

std::optional<std::uint32_t> numeric_id(std::string_view text) {
  const auto id = to_number<std::uint32_t>(text);
  // (uid_t)-1 means "no change" to setuid and friends.
  return id && *id != std::numeric_limits<std::uint32_t>::max() ? id : std::nullopt;
}

std::optional<Credentials> entry_of(const std::string& name, std::optional<std::uint32_t> uid) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found)
    if (uid) ::getpwuid_r(*uid, &entry, buffer.data(), buffer.size(), &found);
  if (!found) return std::nullopt;
  return Credentials{entry.pw_uid, entry.pw_gid, {}, entry.pw_name, entry.pw_dir, entry.pw_shell};
}

std::vector<gid_t> groups_of(const Credentials& user) {
  std::vector<gid_t> groups(64);
  for (;;) {
    int count = static_cast<int>(groups.size());
    const bool fits = ::getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) >= 0;
    groups.resize(static_cast<std::size_t>(count));
    if (fits) return groups;
  }
}

}  // namespace

Result<gid_t> find_group(std::string_view text) {
  std::array<char, 16384> buffer{};
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(std::string{text}.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found) return found->gr_gid;
  if (const auto id = numeric_id(text)) return *id;
  return fail(Errc::usage, fmt::format("there is no group '{}'", printable(text, 60)));
}

Result<Credentials> find_user(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  if (name.empty() || text.size() > longest_name || text.find('\0') != std::string_view::npos)
    return fail(Errc::usage, fmt::format("'{}' is not a user", printable(text, 60)),
                "write --user NAME, --user UID or --user NAME:GROUP");
  const auto uid = numeric_id(name);
  auto user = entry_of(std::string{name}, uid);
  if (!user && !uid)
    return fail(Errc::usage, fmt::format("there is no user '{}'", printable(name, 60)));
  if (user)
    user->groups = groups_of(*user);
  else
    user = Credentials{*uid, static_cast<gid_t>(*uid), {}, {}, "/", "/bin/sh"};
  if (colon != std::string_view::npos) {
    WEIR_TRY(user->gid, find_group(text.substr(colon + 1)));
    user->groups.push_back(user->gid);
  }
  return std::move(*user);
}

Result<GroupMembers> find_members(std::string_view name) {
  if (name.empty() || name.size() > longest_name || name.find('\0') != std::string_view::npos)
    return fail(Errc::usage, fmt::format("'{}' is not a group", printable(name, 60)));
  GroupMembers out;
  WEIR_TRY(out.gid, find_group(name));
  std::vector<char> buffer(std::size_t{1} << 20);
  group entry{};
  group* found = nullptr;
  ::getgrgid_r(out.gid, &entry, buffer.data(), buffer.size(), &found);
  for (char** member = found ? found->gr_mem : nullptr; member && *member; ++member)
    if (const auto user = entry_of(*member, std::nullopt)) out.users.push_back(user->uid);
  ::setpwent();
  while (const passwd* user = ::getpwent())
    if (user->pw_gid == out.gid) out.users.push_back(user->pw_uid);
  ::endpwent();
  return out;
}

}  // namespace weir
