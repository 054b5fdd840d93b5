// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/note_folder.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include "list_folder.h"

namespace weir {
namespace {

constexpr std::size_t longest_note = 16384;
/// No name in a folder starts with a dot but the one that is being written.
constexpr const char* unfinished = ".new";

}  // namespace

Result<std::vector<std::string>> NoteFolder::names() const {
  auto names = list_folder(fd_.get());
  if (!names) return os_fail(names.error().sys, fmt::format("list {}", name_));
  return names;
}

Result<std::string> NoteFolder::read(const std::string& name) const {
  const UniqueFd fd{::openat(fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd) return os_fail(errno, fmt::format("open {}/{}", name_, name));
  return read(fd, name);
}

Result<std::string> NoteFolder::read(const UniqueFd& fd, const std::string& name) const {
  std::string out;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_fail(errno, fmt::format("read {}/{}", name_, name));
    out.append(buffer.data(), static_cast<std::size_t>(n));
    if (out.size() > longest_note)
      return fail(Errc::failed, fmt::format("{}/{} is too large", name_, name));
    // Of a regular file a part of what was asked for is the last.
    if (static_cast<std::size_t>(n) < buffer.size()) return out;
  }
}

Status NoteFolder::write(const std::string& name, const std::string& text) const {
  const auto doing = [&] { return fmt::format("write {}/{}", name_, name); };
  const UniqueFd fd{
      ::openat(fd_.get(), unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd) return os_fail(errno, doing());
  const auto n = ::write(fd.get(), text.data(), text.size());
  if (n < 0) return os_fail(errno, doing());
  if (static_cast<std::size_t>(n) != text.size())
    return fail(Errc::failed, fmt::format("{}: short write", doing()));
  if (::renameat(fd_.get(), unfinished, fd_.get(), name.c_str()) < 0)
    return os_fail(errno, doing());
  return {};
}

Status NoteFolder::remove(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return os_fail(errno, fmt::format("remove {}/{}", name_, name));
}

}  // namespace weir
