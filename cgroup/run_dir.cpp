// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/run_dir.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/base/units.h"

#include "list_folder.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds patience{
    10'000};  // with one holder; many may be served before us
constexpr std::string_view entry_prefix = "job-";
constexpr std::size_t longest_entry = 16'384;
// A sixteenth of the time waited so far: hundreds who wait must not keep the one that holds the
// lock from the processor by asking for it.
constexpr auto first_nap = std::chrono::microseconds{200};
constexpr auto longest_nap = std::chrono::milliseconds{250};

tl::unexpected<Error> dir_fail(int sys, const std::string& path) {
  auto error = os_error(sys, path);
  if (sys == EACCES || sys == EPERM || sys == EROFS) {
    error.code = Errc::unsupported;
    error.hint = "run weir as root, or name a folder of your own with --run-dir";
  }
  return tl::unexpected(std::move(error));
}

/// Opens directory `name` below `parent` (or AT_FDCWD), making it when it is missing.
Result<UniqueFd> make_directory(int parent, const std::string& name, mode_t mode,
                                const std::string& shown) {
  const auto open = [&] {
    return UniqueFd{
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  };
  auto fd = open();
  if (!fd && errno == ENOENT) {
    if (::mkdirat(parent, name.c_str(), mode) < 0 && errno != EEXIST) return dir_fail(errno, shown);
    fd = open();
  }
  if (!fd) return dir_fail(errno, shown);
  struct stat info {};
  if (::fstat(fd.get(), &info) < 0) return dir_fail(errno, shown);
  static const auto own_uid = ::geteuid();
  if (info.st_uid != own_uid)
    return fail(Errc::conflict,
                fmt::format("{}: belongs to uid {}, not to uid {}", shown, info.st_uid, own_uid),
                fmt::format("mv {0} {0}.old", shown));
  // An older or a hostile hand may have left it open to others.
  if ((info.st_mode & 07777U) != mode && ::fchmod(fd.get(), mode) < 0)
    return dir_fail(errno, shown);
  return fd;
}

Result<UniqueFd> open_own_file(int directory, const std::string& name) {
  UniqueFd fd{::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd) return dir_fail(errno, name);
  return fd;
}

std::string entry_name(std::string_view subject) {
  return fmt::format("{}{}", entry_prefix, subject);
}

std::string holder(int fd) {
  std::array<char, 32> text{};
  const auto n = ::pread(fd, text.data(), text.size(), 0);
  const auto pid =
      n > 0 ? to_number<int>(trim({text.data(), static_cast<std::size_t>(n)})) : std::nullopt;
  return pid ? fmt::format("pid {}", *pid) : std::string{"another weir"};
}

/// The books are handed on with a number, which tells those who wait a slow holder from a long
/// queue.
std::uint64_t turn(int fd) {
  std::uint64_t number = 0;
  return ::pread(fd, &number, sizeof number, 0) == sizeof number ? number : 0;
}

Status take_turn(int fd) {
  const auto next = turn(fd) + 1;
  if (::pwrite(fd, &next, sizeof next, 0) == sizeof next) return {};
  return os_fail(errno, "number the holder of the books");
}

}  // namespace

FileLock::~FileLock() { release(); }

void FileLock::release() {
  // Unlocked by name: a child that was cloned meanwhile shares the open file until it executes.
  if (fd_) ::flock(fd_.get(), LOCK_UN);
  fd_.reset();
}

Result<RunDir> RunDir::open(const std::string& path) {
  WEIR_TRY(const auto outer, make_directory(AT_FDCWD, path, 0755, path));
  WEIR_TRY(auto inner, make_directory(outer.get(), "private", 0700, path + "/private"));
  return RunDir{std::move(inner)};
}

Result<FileLock> RunDir::lock_books() const { return lock(patience, false); }

Result<FileLock> RunDir::lock_books_within(std::chrono::milliseconds at_most) const {
  return lock(at_most, true);
}

Result<FileLock> RunDir::lock(std::chrono::milliseconds at_most, bool in_all) const {
  WEIR_TRY(auto fd, open_own_file(private_.get(), "lock"));
  std::optional<std::uint64_t> seen;
  const auto began = std::chrono::steady_clock::now();
  auto deadline = began + at_most;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return os_fail(errno, "lock the books");
    if (!seen) seen = turn(fd.get());
    const auto now = std::chrono::steady_clock::now();
    if (now > deadline) {
      if (in_all || turn(fd.get()) == seen)
        return fail(Errc::conflict,
                    fmt::format("busy: another weir has held the lock for {}", to_text(at_most)));
      seen = turn(fd.get());
      deadline = now + at_most;
    }
    const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(now - began);
    std::this_thread::sleep_for(
        std::clamp<std::chrono::microseconds>(waited / 16, first_nap, longest_nap));
  }
  ignore(take_turn(fd.get()), "without it others only give up earlier");
  return FileLock{std::move(fd)};
}

Result<FileLock> RunDir::claim(std::string_view work) const {
  WEIR_TRY(auto fd, open_own_file(private_.get(), fmt::format("claim-{}", work)));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) {
    if (errno == EWOULDBLOCK)
      return fail(Errc::conflict, fmt::format("busy: {} by {}", work, holder(fd.get())),
                  "wait until it has ended, then try again");
    return os_fail(errno, fmt::format("claim {}", work));
  }
  const auto pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) < 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0)
    return os_fail(errno, fmt::format("claim {}", work));
  return FileLock{std::move(fd)};
}

Status RunDir::leave_note(std::string_view name, const std::string& text) const {
  WEIR_TRY(const auto fd, open_own_file(private_.get(), fmt::format("note-{}", name)));
  if (::ftruncate(fd.get(), 0) < 0 || ::pwrite(fd.get(), text.data(), text.size(), 0) < 0)
    return os_fail(errno, fmt::format("note {}", name));
  return {};
}

std::string RunDir::note(std::string_view name) const {
  const UniqueFd fd{::openat(private_.get(), fmt::format("note-{}", name).c_str(),
                             O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  std::array<char, 4096> text{};
  const auto n = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
  return n > 0 ? std::string{text.data(), static_cast<std::size_t>(n)} : std::string{};
}

void RunDir::remove_note(std::string_view name) const {
  // Where this fails the next one finds a note about work that is done.
  ::unlinkat(private_.get(), fmt::format("note-{}", name).c_str(), 0);
}

Result<std::optional<FileLock>> RunDir::lock_entry(std::string_view subject, bool create) const {
  const auto name = entry_name(subject);
  for (;;) {
    UniqueFd fd{::openat(private_.get(), name.c_str(),
                         O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600)};
    if (!fd && errno == ENOENT && !create) return std::optional<FileLock>{};
    if (!fd) return dir_fail(errno, name);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) {
      if (errno == EWOULDBLOCK) return std::optional<FileLock>{};
      return os_fail(errno, fmt::format("lock {}", name));
    }
    struct stat info {};
    if (::fstat(fd.get(), &info) < 0) return os_fail(errno, fmt::format("lock {}", name));
    if (info.st_nlink > 0) return std::optional<FileLock>{FileLock{std::move(fd)}};
    // Its owner removed it between our open and our lock.
  }
}

Status RunDir::write_entry(const FileLock& lock, std::string_view text) {
  struct stat info {};
  if (::fstat(lock.fd_.get(), &info) < 0) return os_fail(errno, "journal entry");
  // One write, which covers all of the old text: whoever is killed leaves the old one or the new.
  std::string whole{text};
  whole.resize(std::max(whole.size(), static_cast<std::size_t>(info.st_size)), '\n');
  if (::pwrite(lock.fd_.get(), whole.data(), whole.size(), 0) == static_cast<ssize_t>(whole.size()))
    return {};
  return os_fail(errno, "journal entry");
}

std::string RunDir::entry(std::string_view subject) const {
  const UniqueFd fd{
      ::openat(private_.get(), entry_name(subject).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  std::string text(longest_entry, '\0');
  const auto n = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

void RunDir::remove_entry(std::string_view subject) const {
  // Where this fails the next command finds an entry about work that is done.
  ::unlinkat(private_.get(), entry_name(subject).c_str(), 0);
}

std::vector<std::string> RunDir::entries() const {
  std::vector<std::string> out;
  const auto names = list_folder(private_.get());
  if (!names) return out;
  for (const std::string_view name : *names)
    if (name.starts_with(entry_prefix)) out.emplace_back(name.substr(entry_prefix.size()));
  return out;
}

Result<NoteFolder> RunDir::folder(const std::string& name) const {
  WEIR_TRY(auto fd, make_directory(private_.get(), name, 0700, "private/" + name));
  return NoteFolder{std::move(fd), name};
}

Result<NoteSlots> RunDir::slots(const std::string& name) const {
  WEIR_TRY(auto fd, open_own_file(private_.get(), name));
  return NoteSlots{std::move(fd), name};
}

}  // namespace weir
