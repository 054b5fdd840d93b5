// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/run_program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "weir/base/unique_fd.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t most_said = 65536;

/// What posix_spawn is told; both parts are freed with it.
class SpawnPlan {
 public:
  explicit SpawnPlan(int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    // A group of its own, to be killed as a whole.
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  /// An errno, or 0.
  int spawn(pid_t& pid, const std::vector<std::string>& argv) {
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    return ::posix_spawnp(&pid, words.front(), &actions_, &attributes_, words.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Until the other end is closed; false where that takes too long.
bool read_all(const UniqueFd& output, Clock::time_point deadline, std::string& said) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd watched{output.get(), POLLIN, 0};
    if (left <= 0 || ::poll(&watched, 1, static_cast<int>(left)) == 0) return false;
    const auto n = ::read(output.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    const auto room = most_said - said.size();
    said.append(buffer.data(), std::min(room, static_cast<std::size_t>(n)));
  }
}

}  // namespace

Result<ProgramEnd> run_program(const std::vector<std::string>& argv,
                               std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return os_fail(errno, "pipe2");
  const UniqueFd output{ends[0]};
  UniqueFd input{ends[1]};
  pid_t pid = 0;
  const int error = SpawnPlan(input.get()).spawn(pid, argv);
  if (error != 0) return os_fail(error, fmt::format("execute {}", argv.front()));
  input.reset();
  ProgramEnd out;
  const bool ended = read_all(output, Clock::now() + patience, out.said);
  if (!ended) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended)
    return fail(Errc::failed,
                fmt::format("{} has not ended after {} s", argv.front(), patience.count() / 1000));
  out.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return out;
}

Result<TempFolder> TempFolder::make() {
  const auto* base = std::getenv("TMPDIR");
  auto path = fmt::format("{}/weir-XXXXXX", base && *base ? base : "/tmp");
  if (::mkdtemp(path.data()) == nullptr) return os_fail(errno, fmt::format("mkdir {}", path));
  return TempFolder{std::move(path)};
}

TempFolder::~TempFolder() {
  std::error_code ignored;  // what stays is in a folder for passing things
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace weir
