// SPDX-License-Identifier: Apache-2.0
// The contract's machine for real: below the cgroup that WEIR_TEST_CGROUP names, whose naming is
// the consent. Without it this program ends with 77 (skipped).
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <set>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "weir/cgroup/clear.h"
#include "weir/cgroup/fs.h"
#include "weir/model/kernel_text.h"

#include "cgroup/machine.h"

namespace weir::testing {
namespace {

constexpr const char* consent = "WEIR_TEST_CGROUP";

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "contract: %s\n", error.message.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

[[noreturn]] void sleep_with_memory(std::int64_t bytes, int ready) {
  const auto size = static_cast<std::size_t>(bytes);
  if (size > 0) {
    auto* memory = static_cast<volatile char*>(
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (std::size_t at = 0; at < size; at += 4096) memory[at] = 1;
  }
  static_cast<void>(!::write(ready, "r", 1));
  for (;;) ::pause();
}

class KernelMachine final : public Machine {
 public:
  KernelMachine()
      : base_(must(CgroupFs::open(std::getenv(consent)))), name_(*CgroupPath::parse("contract")) {
    auto enabled = base_.write({}, "cgroup.subtree_control", "+cpuset +cpu +io +memory +pids");
    if (!enabled) give_up(enabled.error());
    if (base_.exists(name_))  // a run that was cut short
      if (auto removed = kill_and_remove(base_, name_); !removed) give_up(removed.error());
    if (auto made = base_.make(name_); !made) give_up(made.error());
    if (auto on = base_.write(name_, "cgroup.subtree_control", "+cpuset +cpu +io +memory +pids");
        !on)
      give_up(on.error());
    const auto path = fmt::format("{}/contract", std::getenv(consent));
    io_ = std::make_unique<CgroupFs>(must(CgroupFs::open(path)));
    other_ = std::make_unique<CgroupFs>(must(CgroupFs::open(path)));
  }
  ~KernelMachine() override {
    for (const int pid : children_) ::kill(pid, SIGKILL);
    for (const int pid : children_) ::waitpid(pid, nullptr, 0);
    if (auto removed = kill_and_remove(base_, name_); !removed) give_up(removed.error());
  }

  CgroupIo& io() override { return *io_; }
  CgroupIo& other() override { return *other_; }
  Result<int> spawn(const CgroupPath& cgroup) override { return spawn_hog(cgroup, 0); }

  Result<int> spawn_hog(const CgroupPath& cgroup, std::int64_t bytes) override {
    WEIR_TRY(const auto directory, other_->directory(cgroup));
    const bool held = frozen(cgroup);
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) < 0) return os_fail(errno, "pipe");
    const UniqueFd reader{ready[0]};
    UniqueFd writer{ready[1]};
    clone_args args{};
    args.flags = CLONE_INTO_CGROUP;
    args.exit_signal = SIGCHLD;
    args.cgroup = static_cast<std::uint64_t>(directory.get());
    const auto pid = static_cast<int>(::syscall(SYS_clone3, &args, sizeof args));
    if (pid < 0) return os_fail(errno, "clone3 into the cgroup");
    if (pid == 0) sleep_with_memory(bytes, writer.get());
    children_.insert(pid);
    writer.reset();
    // A process in a frozen cgroup does not get as far as saying that it runs.
    char byte = 0;
    if (held) return pid;
    static_cast<void>(!::read(reader.get(), &byte, 1));
    return pid;
  }

  void kill(int pid) override {
    ::kill(pid, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  }
  void reap(int pid) override {
    ::waitpid(pid, nullptr, 0);
    children_.erase(pid);
  }
  bool is_alive(int pid) override {
    for (int i = 0; i < 100; ++i) {
      siginfo_t info{};
      if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) < 0 ||
          info.si_pid == pid)
        return false;
      ::usleep(10'000);
    }
    return true;
  }
  int dead_pid() override {
    const int pid = ::fork();
    if (pid == 0) ::_exit(0);
    ::waitpid(pid, nullptr, 0);
    return pid;
  }
  int kernel_thread() override { return 2; }
  std::string disk() override {
    const char* path = std::getenv("WEIR_SCRATCH_DISK");
    struct stat info {};
    if (path == nullptr || ::stat(path, &info) < 0)
      give_up(os_error(ENODEV, "WEIR_SCRATCH_DISK must name a disk"));
    return fmt::format("{}:{}", major(info.st_rdev), minor(info.st_rdev));
  }
  int cpus() const override { return static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)); }
  bool is_6_12() const override {
    utsname name{};
    ::uname(&name);
    return !std::string_view{name.release}.starts_with("6.1.");
  }

 private:
  bool frozen(const CgroupPath& cgroup) {
    const auto text = other_->read(cgroup, "cgroup.events");
    return text && flat_value(*text, "frozen").value_or(0) != 0;
  }

  CgroupFs base_;
  CgroupPath name_;
  std::unique_ptr<CgroupFs> io_, other_;
  std::set<int> children_;
};

}  // namespace

std::unique_ptr<Machine> make_machine() { return std::make_unique<KernelMachine>(); }

}  // namespace weir::testing

int main(int argc, char** argv) {
  constexpr int skipped = 77;
  if (std::getenv(weir::testing::consent) == nullptr) {
    std::fprintf(stderr, "set %s to a cgroup directory that may be used\n", weir::testing::consent);
    return skipped;
  }
  return doctest::Context(argc, argv).run();
}
