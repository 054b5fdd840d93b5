// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/base/unique_fd.h"

namespace weir {
namespace {

constexpr std::size_t max_config = std::size_t{1} << 20;
constexpr std::size_t max_config_files = 1024;

/// What tells that a file has been read: a read that gives nothing, or less than there is room for.
enum class Ends { with_nothing, with_less };

Result<std::string> drain(int fd, const std::string& path, std::size_t at_most, Ends ends) {
  std::string out;
  std::array<char, 4096> buffer;  // kernfs and seq_file hand out a page at a time
  for (;;) {
    const auto n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_fail(errno, path);
    if (n == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(n));
    if (out.size() > at_most)
      return fail(Errc::failed, fmt::format("{}: longer than {} bytes", path, at_most));
    if (ends == Ends::with_less && static_cast<std::size_t>(n) < buffer.size()) return out;
  }
}

Result<std::string> read_file(const std::string& path, std::size_t at_most, Ends ends) {
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return os_fail(errno, path);
  return drain(fd.get(), path, at_most, ends);
}

tl::unexpected<Error> config_fail(int sys, const std::string& path) {
  auto error = os_error(sys, printable(path, 400));
  error.code = Errc::config;
  if (sys == ENOENT) error.hint = "`weir init` writes an example; --config names another file";
  return tl::unexpected(std::move(error));
}

Status check_regular(const struct stat& info, const std::string& path) {
  const auto shown = printable(path, 400);
  if (S_ISDIR(info.st_mode))
    return fail(Errc::config, fmt::format("{}: is a directory, not a file", shown));
  if (!S_ISREG(info.st_mode))
    return fail(Errc::config, fmt::format("{}: is not a regular file", shown));
  if (static_cast<std::size_t>(info.st_size) > max_config)
    return fail(Errc::config, fmt::format("{}: is larger than 1 MiB", shown));
  return {};
}

Status check_trusted(const struct stat& info, const std::string& path) {
  const auto shown = printable(path, 400);
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return fail(Errc::config, fmt::format("{}: belongs to uid {}, not to root", shown, info.st_uid),
                fmt::format("chown root {}", shown));
  if ((info.st_mode & 022U) != 0)
    return fail(Errc::config,
                fmt::format("{}: others than its owner may write it (mode {:o})", shown,
                            info.st_mode & 07777U),
                fmt::format("chmod go-w {}", shown));
  return {};
}

/// "DIR/weir.d/*.toml" in name order; a missing folder has none.
Result<std::vector<std::string>> drop_ins(const std::string& main_file) {
  const auto slash = main_file.rfind('/');
  const auto folder = (slash == std::string::npos ? "." : main_file.substr(0, slash)) + "/weir.d";
  std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(folder.c_str()), ::closedir};
  if (!directory && (errno == ENOENT || errno == ENOTDIR)) return std::vector<std::string>{};
  if (!directory) return config_fail(errno, folder);
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name{entry->d_name};
    if (name.ends_with(".toml") && !name.starts_with('.'))
      out.push_back(fmt::format("{}/{}", slash == std::string::npos ? "weir.d" : folder, name));
    if (out.size() > max_config_files)
      return fail(Errc::config, fmt::format("{}: more than {} files", folder, max_config_files));
  }
  std::ranges::sort(out);
  return out;
}

template <class Suits>
std::vector<std::string> names_in(const std::string& path, Suits suits) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), ::closedir};
  if (!directory) return out;
  while (const dirent* entry = ::readdir(directory.get()))
    if (suits(entry->d_type) && entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  std::ranges::sort(out);
  return out;
}

}  // namespace

Result<std::string> read_small_file(const std::string& path, std::size_t at_most) {
  return read_file(path, at_most, Ends::with_nothing);
}

Result<std::string> read_single_file(const std::string& path, std::size_t at_most) {
  return read_file(path, at_most, Ends::with_less);
}

bool file_exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<SourceFile> read_config_file(const std::string& path, Trust trust) {
  if (path.find('\0') != std::string::npos)
    return fail(Errc::config, "the path of the file has a NUL byte");
  // O_NONBLOCK: opening a FIFO must not wait for somebody to write to it.
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (!fd) return config_fail(errno, path);
  struct stat info {};
  if (::fstat(fd.get(), &info) < 0) return config_fail(errno, path);
  WEIR_CHECK(check_regular(info, path));
  if (trust == Trust::owner_only) WEIR_CHECK(check_trusted(info, path));
  auto text = drain(fd.get(), path, max_config, Ends::with_nothing);
  if (!text) return config_fail(text.error().sys == 0 ? EFBIG : text.error().sys, path);
  return SourceFile{path, std::move(*text)};
}

Result<std::vector<SourceFile>> read_config_files(const std::string& main_file, Trust trust) {
  std::vector<SourceFile> out;
  WEIR_TRY(auto first, read_config_file(main_file, trust));
  out.push_back(std::move(first));
  WEIR_TRY(const auto others, drop_ins(main_file));
  for (const auto& path : others) {
    WEIR_TRY(auto next, read_config_file(path, trust));
    out.push_back(std::move(next));
  }
  return out;
}

std::vector<std::string> folders_in(const std::string& path) {
  return names_in(path, [](int kind) { return kind == DT_DIR; });
}

std::vector<std::string> files_in(const std::string& path) {
  return names_in(path, [](int kind) { return kind == DT_REG || kind == DT_LNK; });
}

Status replace_file(const std::string& path, const std::string& text, unsigned mode) {
  const auto temporary = fmt::format("{}.{}.new", path, ::getpid());
  UniqueFd fd{
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};
  if (!fd) return os_fail(errno, temporary);
  const auto give_up = [&](std::string_view doing) {
    const int sys = errno;
    ::unlink(temporary.c_str());
    return os_fail(sys, fmt::format("{} {}", doing, path));
  };
  for (std::string_view rest = text; !rest.empty();) {
    const auto n = ::write(fd.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return give_up("write");
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd.get()) < 0) return give_up("sync");
  if (::rename(temporary.c_str(), path.c_str()) < 0) return give_up("rename onto");
  return {};
}

}  // namespace weir
