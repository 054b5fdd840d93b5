// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/run_program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "weir/base/unique_fd.h"
#include "weir/cgroup/hook_process.h"

namespace weir {
namespace {

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
  auto said = read_input(output.get(), most_said, Deadline(patience),
                         fmt::format("the end of what {} says", argv.front()));
  if (!said) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!said) return pass(std::move(said));
  return ProgramEnd{WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                    std::move(*said)};
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
