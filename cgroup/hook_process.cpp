// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/hook_process.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>

#include "weir/base/text.h"
#include "weir/base/unique_fd.h"
#include "weir/cgroup/processes.h"

namespace weir {
namespace {

bool leads_nowhere(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) < 0) return true;
  constexpr unsigned memory_major = 1, null_minor = 3;
  return S_ISCHR(info.st_mode) && major(info.st_rdev) == memory_major &&
         minor(info.st_rdev) == null_minor;
}

/// The parent's stderr itself, with its position in the file: what is written stands between its
/// own lines.
UniqueFd stderr_of_parent() {
  const UniqueFd parent{static_cast<int>(::syscall(SYS_pidfd_open, ::getppid(), 0))};
  if (!parent) return {};
  return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_getfd, parent.get(), STDERR_FILENO, 0))};
}

ProcessIdentity identity_of(int pid) {
  const auto stat = read_process_stat(pid);
  return {pid, stat ? stat->start_time : 0};
}

std::vector<std::string_view> search_path() {
  const char* path = std::getenv("PATH");
  return split(
      path && *path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ':');
}

}  // namespace

std::chrono::milliseconds Deadline::left() const {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds{0});
}

Result<std::string> read_input(int fd, std::size_t at_most, const Deadline& deadline,
                               std::string_view what) {
  // Read where it is to stay: every page more that a hook touches costs it a fault.
  constexpr std::size_t first = 8192, least = 1024;
  std::string out;
  std::size_t used = 0;
  for (;;) {
    if (out.size() - used < least) out.resize(std::max(first, 2 * out.size()));
    pollfd ready{fd, POLLIN, 0};
    const auto events = ::poll(&ready, 1, static_cast<int>(deadline.left().count()));
    if (events < 0 && errno == EINTR) continue;
    if (events == 0) return fail(Errc::failed, fmt::format("{} does not come", what));
    const auto n = ::read(fd, out.data() + used, out.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_fail(errno, fmt::format("read {}", what));
    used += static_cast<std::size_t>(n);
    if (n == 0) {
      out.resize(used);
      return out;
    }
    if (used > at_most)
      return fail(Errc::usage, fmt::format("{} is longer than {} bytes", what, at_most));
  }
}

Status write_output(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_fail(errno, "write");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

ProcessOwner process_owner() {
  ProcessOwner out;
  out.uid = ::getuid();
  if (const int count = ::getgroups(0, nullptr); count > 0) {
    out.groups.resize(static_cast<std::size_t>(count));
    const int got = ::getgroups(count, out.groups.data());
    out.groups.resize(static_cast<std::size_t>(std::max(0, got)));
  }
  out.groups.push_back(::getgid());
  return out;
}

ProcessIdentity identity_of_self() { return identity_of(::getpid()); }
ProcessIdentity identity_of_parent() { return identity_of(::getppid()); }

void complain(std::string_view line) {
  const auto parents = leads_nowhere(STDERR_FILENO) ? stderr_of_parent() : UniqueFd{};
  ignore(write_output(parents ? parents.get() : STDERR_FILENO, fmt::format("{}\n", line)),
         "nobody is left to be told");
}

void nap(std::chrono::milliseconds time, const Deadline& deadline) {
  std::this_thread::sleep_for(std::min(time, deadline.left()));
}

Error become(const std::string& program, const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(program.c_str(), words.data());
  return os_error(errno, printable(program, 200));
}

std::optional<std::string> find_program(const std::vector<std::string>& programs) {
  for (const auto& program : programs) {
    if (program.find('/') != std::string::npos) {
      if (::access(program.c_str(), X_OK) == 0) return program;
      continue;
    }
    for (const auto folder : search_path()) {
      auto whole = fmt::format("{}/{}", folder, program);
      if (!folder.empty() && ::access(whole.c_str(), X_OK) == 0) return whole;
    }
  }
  return std::nullopt;
}

std::optional<std::string> absolute_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> whole{::realpath(path.c_str(), nullptr),
                                                          &std::free};
  return whole ? std::optional<std::string>{whole.get()} : std::nullopt;
}

Status append_to_file(const std::string& path, std::string_view text) {
  const UniqueFd fd{
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600)};
  if (!fd) return os_fail(errno, path);
  return write_output(fd.get(), text);
}

}  // namespace weir
