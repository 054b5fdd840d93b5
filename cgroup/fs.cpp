// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/fs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "weir/base/text.h"
#include "weir/model/kernel_files.h"
#include "weir/model/record.h"

namespace weir {
namespace {

/// More than any interface file prints, cgroup.procs of a very full cgroup included.
constexpr std::size_t max_file = std::size_t{16} << 20;
constexpr std::size_t max_attribute = 65536;  // kernel.md #18
constexpr std::size_t usual_attribute = 1024;

/// Nothing where it fails; errno says why.
UniqueFd try_open_beneath(int root, const std::string& relative, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_CLOEXEC));
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return UniqueFd{
      static_cast<int>(::syscall(SYS_openat2, root, relative.c_str(), &how, sizeof how))};
}

Result<UniqueFd> open_beneath(int root, const std::string& relative, int flags) {
  auto fd = try_open_beneath(root, relative, flags);
  if (!fd) return os_fail(errno, relative);
  return fd;
}

std::string shown(const CgroupPath& cgroup, std::string_view file) {
  return cgroup.is_root() ? std::string{file} : path_in(cgroup.str(), file);
}

Result<std::string> read_all(int fd, const std::string& name) {
  std::string out;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_fail(errno, fmt::format("read {}", name));
    if (n == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(n));
    // A file of the kernel's comes as far as whole lines fit: much room left means the end.
    if (static_cast<std::size_t>(n) < buffer.size() / 2) return out;
    if (out.size() > max_file) return fail(Errc::failed, fmt::format("{} is too large", name));
  }
}

/// May this process use trusted.*? Only writing tells; removing what is not there changes nothing.
bool may_use_trusted(int root) {
  return ::fremovexattr(root, "trusted.weir.probe") == 0 || errno == ENODATA;
}

}  // namespace

Result<CgroupFs> CgroupFs::open(const std::string& root, Verify verify) {
  UniqueFd fd{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) {
    auto error = os_error(errno, root);
    error.code = Errc::unsupported;
    return tl::unexpected(std::move(error).with("cgroup root"));
  }
  struct statfs info {};
  if (::fstatfs(fd.get(), &info) < 0) return os_fail(errno, root);
  if (verify == Verify::cgroup2 && info.f_type != CGROUP2_SUPER_MAGIC)
    return fail(Errc::unsupported, fmt::format("{} is not a cgroup v2 file system", root),
                "boot with the unified hierarchy (systemd.unified_cgroup_hierarchy=1), or name the "
                "cgroup2 mount with --cgroup-root");
  const bool trusted = may_use_trusted(fd.get());
  return CgroupFs{std::move(fd), trusted, root.starts_with('/') ? root : std::string{}};
}

/// True where the directory is kept; then it is in front.
bool CgroupFs::bring_forward(const CgroupPath& cgroup) {
  if (kept_[1].fd && kept_[1].path == cgroup) std::swap(kept_[0], kept_[1]);
  return kept_[0].fd && kept_[0].path == cgroup;
}

Result<int> CgroupFs::directory_fd(const CgroupPath& cgroup) {
  if (cgroup.is_root()) return root_.get();
  if (bring_forward(cgroup)) return kept_[0].fd.get();
  WEIR_TRY(auto fd, open_beneath(root_.get(), cgroup.str(), O_RDONLY | O_DIRECTORY));
  return keep(cgroup, std::move(fd));
}

int CgroupFs::keep(const CgroupPath& cgroup, UniqueFd fd) {
  kept_[1] = {cgroup, std::move(fd)};
  std::swap(kept_[0], kept_[1]);
  return kept_[0].fd.get();
}

bool CgroupFs::is_kept(const CgroupPath& cgroup) {
  return !cgroup.is_root() && bring_forward(cgroup);
}

void CgroupFs::forget(const CgroupPath& cgroup) {
  if (is_kept(cgroup)) kept_[0].fd.reset();
}

/// The kept directory may have been removed, and another made under its name.
bool CgroupFs::forget_dead(const CgroupPath& cgroup) {
  if (!is_kept(cgroup)) return false;
  if (::faccessat(kept_[0].fd.get(), "cgroup.procs", F_OK, 0) == 0) return false;
  kept_[0].fd.reset();
  return true;
}

Result<UniqueFd> CgroupFs::open_file(const CgroupPath& cgroup, std::string_view file, int flags) {
  const bool kept = is_kept(cgroup);
  WEIR_TRY(const int directory, directory_fd(cgroup));
  auto fd = open_beneath(directory, std::string{file}, flags);
  if (fd || fd.error().sys != ENOENT || !kept || !forget_dead(cgroup)) return fd;
  return open_file(cgroup, file, flags);
}

/// Without the cgroup's own directory: from the one above where that is kept, else from the root.
Result<UniqueFd> CgroupFs::open_from_above(const CgroupPath& cgroup, std::string_view file,
                                           int flags) {
  const auto above = std::ranges::find_if(
      kept_, [&](const Kept& kept) { return kept.fd && cgroup.is_child_of(kept.path); });
  if (above == kept_.end()) return open_beneath(root_.get(), shown(cgroup, file), flags);
  if (above != kept_.begin()) std::swap(kept_[0], kept_[1]);
  auto fd = open_beneath(kept_[0].fd.get(), path_in(cgroup.leaf(), file), flags);
  if (fd || fd.error().sys != ENOENT || !forget_dead(cgroup.parent())) return fd;
  return open_from_above(cgroup, file, flags);
}

Result<std::string> CgroupFs::read(const CgroupPath& cgroup, std::string_view file) {
  auto fd = open_file(cgroup, file, O_RDONLY);
  if (!fd) return os_fail(fd.error().sys, fmt::format("open {}", shown(cgroup, file)));
  return read_all(fd->get(), shown(cgroup, file));
}

Status CgroupFs::write(const CgroupPath& cgroup, std::string_view file, std::string_view value) {
  const auto doing = [&] { return fmt::format("write '{}' to {}", value, shown(cgroup, file)); };
  // A lone write needs no directory.
  const bool lone = !cgroup.is_root() && !is_kept(cgroup);
  auto fd = lone ? open_from_above(cgroup, file, O_WRONLY) : open_file(cgroup, file, O_WRONLY);
  if (!fd) return os_fail(fd.error().sys, doing());
  ssize_t n = 0;
  // A zero-length write would succeed and do nothing; a lone line end means "empty" to the kernel.
  const std::string_view bytes = value.empty() ? std::string_view{"\n"} : value;
  do n = ::write(fd->get(), bytes.data(), bytes.size());
  while (n < 0 && errno == EINTR);
  if (n < 0) return os_fail(errno, doing());
  if (static_cast<std::size_t>(n) != bytes.size())
    return fail(Errc::failed, fmt::format("{}: short write", doing()));
  return {};
}

Status CgroupFs::write_several(const CgroupPath& cgroup, std::span<const FileWrite> writes,
                               std::size_t& done) {
  // Siblings share the directory above, so that a few files need none of their own. Where it cannot
  // be opened the first write says so.
  constexpr std::size_t few = 6;
  if (writes.size() > few)
    static_cast<void>(directory_fd(cgroup));
  else if (writes.size() > 1 && !is_kept(cgroup) && cgroup.depth() > 1)
    static_cast<void>(directory_fd(cgroup.parent()));
  return CgroupIo::write_several(cgroup, writes, done);
}

Status CgroupFs::make(const CgroupPath& cgroup) {
  const auto above = cgroup.parent();
  const bool kept = is_kept(above);
  auto parent = directory_fd(above);
  if (!parent) return os_fail(parent.error().sys, fmt::format("mkdir {}", cgroup.str()));
  if (::mkdirat(*parent, std::string{cgroup.leaf()}.c_str(), 0755) == 0) return {};
  const int sys = errno;
  if (sys == ENOENT && kept && forget_dead(above)) return make(cgroup);
  return os_fail(sys, fmt::format("mkdir {}", cgroup.str()));
}

Status CgroupFs::remove(const CgroupPath& cgroup) {
  forget(cgroup);
  const auto above = cgroup.parent();
  const bool kept = is_kept(above);
  auto parent = directory_fd(above);
  if (!parent) return os_fail(parent.error().sys, fmt::format("rmdir {}", cgroup.str()));
  if (::unlinkat(*parent, std::string{cgroup.leaf()}.c_str(), AT_REMOVEDIR) == 0) return {};
  const int sys = errno;
  if (sys == ENOENT && kept && forget_dead(above)) return remove(cgroup);
  return os_fail(sys, fmt::format("rmdir {}", cgroup.str()));
}

Result<std::vector<std::string>> CgroupFs::children(const CgroupPath& cgroup) {
  const auto doing = [&] { return fmt::format("list {}", shown(cgroup, ".")); };
  auto fd =
      open_beneath(root_.get(), cgroup.is_root() ? "." : cgroup.str(), O_RDONLY | O_DIRECTORY);
  if (!fd) return os_fail(fd.error().sys, doing());
  std::unique_ptr<DIR, int (*)(DIR*)> directory{::fdopendir(fd->get()), ::closedir};
  if (!directory) return os_fail(errno, doing());
  static_cast<void>(fd->release());  // closedir closes it
  std::vector<std::string> out;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name{entry->d_name};
    if (entry->d_type == DT_DIR && name != "." && name != "..") out.emplace_back(name);
  }
  if (errno != 0) return os_fail(errno, doing());
  std::ranges::sort(out);
  return out;
}

Result<std::int64_t> CgroupFs::child_count(const CgroupPath& cgroup) {
  forget_dead(cgroup);
  const auto directory = directory_fd(cgroup);
  struct stat info {};
  if (!directory) return os_fail(directory.error().sys, fmt::format("stat {}", cgroup.str()));
  if (::fstat(*directory, &info) < 0) return os_fail(errno, fmt::format("stat {}", cgroup.str()));
  // "." and the entry above are links to it, and each child's ".." is one: kernfs counts them.
  if (info.st_nlink >= 2) return static_cast<std::int64_t>(info.st_nlink) - 2;
  return CgroupIo::child_count(cgroup);
}

bool CgroupFs::exists(const CgroupPath& cgroup) {
  forget(cgroup);  // it may have been removed and made again
  if (cgroup.is_root()) return true;
  auto fd = try_open_beneath(root_.get(), cgroup.str(), O_RDONLY | O_DIRECTORY);
  if (!fd) return false;  // no answer worth an error's words
  keep(cgroup, std::move(fd));
  return true;
}

bool CgroupFs::has_file(const CgroupPath& cgroup, std::string_view file) {
  const bool kept = is_kept(cgroup);
  const auto directory = directory_fd(cgroup);
  if (!directory) return false;
  if (::faccessat(*directory, std::string{file}.c_str(), F_OK, 0) == 0) return true;
  return errno == ENOENT && kept && forget_dead(cgroup) && has_file(cgroup, file);
}

std::string CgroupFs::attribute_name(std::string_view name) const {
  return std::string{trusted_ ? "trusted.weir." : "user.weir."}.append(name);
}

Result<std::optional<std::string>> CgroupFs::attribute(const CgroupPath& cgroup,
                                                       std::string_view name) {
  forget_dead(cgroup);
  WEIR_TRY(const int directory, directory_fd(cgroup));
  std::string value(usual_attribute, '\0');
  const auto attribute = attribute_name(name);
  auto n = ::fgetxattr(directory, attribute.c_str(), value.data(), value.size());
  if (n < 0 && errno == ERANGE) {
    value.resize(max_attribute);
    n = ::fgetxattr(directory, attribute.c_str(), value.data(), value.size());
  }
  if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP)) return std::optional<std::string>{};
  if (n < 0) return os_fail(errno, fmt::format("read {} of {}", attribute, cgroup.str()));
  value.resize(static_cast<std::size_t>(n));
  return std::optional{std::move(value)};
}

Status CgroupFs::set_attribute(const CgroupPath& cgroup, std::string_view name,
                               std::string_view value) {
  const auto attribute = attribute_name(name);
  // Where its directory is not open, as after it was made: by its path, for there is no setxattrat
  // before Linux 6.13, and opening it would take twice as long. cgroup2 has no symbolic links.
  if (!is_kept(cgroup) && !root_path_.empty() &&
      ::lsetxattr(path_in(root_path_, cgroup.str()).c_str(), attribute.c_str(), value.data(),
                  value.size(), 0) == 0)
    return {};
  forget_dead(cgroup);
  WEIR_TRY(const int directory, directory_fd(cgroup));
  if (::fsetxattr(directory, attribute.c_str(), value.data(), value.size(), 0) < 0)
    return os_fail(errno, fmt::format("set {} of {}", attribute, cgroup.str()));
  return {};
}

Result<UniqueFd> CgroupFs::directory(const CgroupPath& cgroup) {
  auto fd =
      open_beneath(root_.get(), cgroup.is_root() ? "." : cgroup.str(), O_RDONLY | O_DIRECTORY);
  if (!fd) return os_fail(fd.error().sys, fmt::format("open {}", shown(cgroup, ".")));
  return fd;
}

Result<UniqueFd> CgroupFs::open_events(const CgroupPath& cgroup) {
  return open_file(cgroup, file::cgroup_events, O_RDONLY);
}

}  // namespace weir
