// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/spawn.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir/base/text.h"

#include "child_filter.h"
#include "unix_address.h"

namespace weir {
namespace {

enum class Stage : int { user, chdir, filter, exec };

/// What the child tells its parent when it cannot go on.
struct Failure {
  Stage stage;
  int sys;
};

/// Every string the child needs, made before the clone: after it the child only makes system calls.
struct Prepared {
  std::vector<std::string> paths;  // candidates, in PATH order
  std::vector<std::string> environment;
  std::vector<char*> argv, envp;
};

std::vector<std::string> candidates(const std::string& program) {
  if (program.find('/') != std::string::npos) return {program};
  const char* path = std::getenv("PATH");
  std::vector<std::string> out;
  for (const auto folder : split(path ? path : "/usr/local/bin:/usr/bin:/bin", ':'))
    out.push_back(folder.empty() ? program : fmt::format("{}/{}", folder, program));
  return out;
}

/// The caller's environment, with the variables that name the user changed along with the user.
std::vector<std::string> environment_for(const std::optional<Credentials>& user) {
  std::vector<std::string> out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text{*entry};
    const auto name = text.substr(0, text.find('='));
    const bool about_user =
        name == "HOME" || name == "USER" || name == "LOGNAME" || name == "SHELL";
    if (!user || !about_user) out.emplace_back(text);
  }
  if (!user) return out;
  out.push_back("HOME=" + user->home);
  out.push_back("SHELL=" + user->shell);
  if (!user->name.empty()) {
    out.push_back("USER=" + user->name);
    out.push_back("LOGNAME=" + user->name);
  }
  return out;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const auto& text : strings) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

Prepared prepare(const Command& command) {
  Prepared out{candidates(command.argv.front()), environment_for(command.user), {}, {}};
  out.argv = pointers(command.argv);
  out.envp = pointers(out.environment);
  return out;
}

[[noreturn]] void report_failure(int report, Stage stage, int sys) {
  const Failure failure{stage, sys};
  // The parent sees EOF instead where even this fails, and then the exit status.
  static_cast<void>(!::write(report, &failure, sizeof failure));
  ::_exit(127);
}

void become(const Credentials& user, int report) {
  if (::setgroups(user.groups.size(), user.groups.data()) < 0 ||
      ::setresgid(user.gid, user.gid, user.gid) < 0 ||
      ::setresuid(user.uid, user.uid, user.uid) < 0)
    report_failure(report, Stage::user, errno);
}

/// execve over PATH as execvpe(3) does it, but never through a shell: the most telling error wins.
int execute(const Prepared& prepared) {
  int worst = ENOENT;
  for (const auto& path : prepared.paths) {
    ::execve(path.c_str(), prepared.argv.data(), prepared.envp.data());
    if (errno == ENOENT || errno == ENOTDIR) continue;
    if (errno != EACCES) return errno;
    worst = EACCES;
  }
  return worst;
}

/// Until the parent lets go. A parent that is gone closes the gate for good.
void wait_at(int gate) {
  char released = 0;
  ssize_t n = 0;
  do n = ::read(gate, &released, 1);
  while (n < 0 && errno == EINTR);
  if (n != 1) ::_exit(137);
}

[[noreturn]] void run_child(const Command& command, const Prepared& prepared, int gate, int report,
                            pid_t parent) {
  wait_at(gate);
  const bool may_filter = command.filter && keep_filter_right(command.user.has_value());
  if (command.user) become(*command.user, report);
  // After the change of user, which clears it.
  if (command.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(137);
  }
  if (command.chdir && ::chdir(command.chdir->c_str()) < 0)
    report_failure(report, Stage::chdir, errno);
  ::sigprocmask(SIG_SETMASK, &command.signal_mask, nullptr);
  if (command.filter)
    if (const int sys = load_filter(*command.filter, may_filter); sys != 0)
      report_failure(report, Stage::filter, sys);
  report_failure(report, Stage::exec, execute(prepared));
}

struct Pipe {
  UniqueFd read_end, write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return os_fail(errno, "pipe");
  return Pipe{UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Exchanges the one message; whatever goes wrong, the parent finds no answer.
void ask_as_child(const Question& question, const sockaddr_un& address, std::string& room,
                  UniqueFd& out, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(137);
  UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  const auto receive = [&] { return ::recv(fd.get(), room.data(), room.size(), 0); };
  const auto& message = question.message;
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      receive() == static_cast<ssize_t>(question.greeting.size()) &&
      room.compare(0, question.greeting.size(), question.greeting) == 0) {
    // Whatever came of it: an agent that hears nobody more has said so.
    static_cast<void>(!::send(fd.get(), message.data(), message.size(), MSG_NOSIGNAL));
    for (bool more = true; more;) {
      const auto n = receive();
      const std::string_view said{room.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
      more = !question.notice.empty() && said.starts_with(question.notice);
      more = write_whole(out.get(), said) && more;
    }
  }
  ::prctl(PR_SET_PDEATHSIG, 0);
  out.reset();
}

constexpr int no_cgroup = -1;

/// `prelude` runs in the child, which may only make system calls, before it waits at its gate.
template <class Prelude>
Result<Child> spawn(int cgroup, const Command& command, Prelude prelude) {
  const auto prepared = prepare(command);
  WEIR_TRY(auto status, make_pipe());
  WEIR_TRY(auto gate, make_pipe());
  int pidfd = -1;
  clone_args args{};
  args.flags = CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  if (cgroup != no_cgroup) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  const auto parent = ::getpid();
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  if (pid < 0) return os_fail(errno, "clone3 into the cgroup");
  if (pid == 0) {
    gate.write_end.reset();
    prelude(parent);
    run_child(command, prepared, gate.read_end.get(), status.write_end.get(), parent);
  }
  return Child{pid, UniqueFd{pidfd}, std::move(gate.write_end), std::move(status.read_end)};
}

}  // namespace

Result<Child> spawn_into(const UniqueFd& directory, const Command& command) {
  return spawn(directory.get(), command, [](pid_t) {});
}

Result<Child> spawn_outside(const Command& command) {
  return spawn(no_cgroup, command, [](pid_t) {});
}

Result<Child> spawn_asking(const Question& question, const Command& command, UniqueFd& answer) {
  WEIR_TRY(const auto address, unix_address(question.socket));
  WEIR_TRY(auto pipe, make_pipe());
  std::string room(question.longest_answer, '\0');
  auto child = spawn(no_cgroup, command, [&](pid_t parent) {
    ask_as_child(question, address, room, pipe.write_end, parent);
  });
  answer = std::move(pipe.read_end);
  return child;
}

void open_gate(Child& child) {
  if (!child.gate) return;
  // A child that was killed meanwhile reads nothing; its wait status tells.
  static_cast<void>(!::write(child.gate.get(), "", 1));
  child.gate.reset();
}

std::optional<Error> let_execute(Child& child, const Command& command) {
  open_gate(child);
  Failure failure{};
  ssize_t n = 0;
  do n = ::read(child.exec_status.get(), &failure, sizeof failure);
  while (n < 0 && errno == EINTR);
  child.exec_status.reset();
  if (n != static_cast<ssize_t>(sizeof failure)) return std::nullopt;
  switch (failure.stage) {
    case Stage::user:
      return os_error(failure.sys,
                      fmt::format("become user {}", command.user ? command.user->uid : 0));
    case Stage::chdir:
      return os_error(failure.sys, fmt::format("change to folder {}",
                                               printable(command.chdir.value_or(""), 200)));
    case Stage::filter:
      return os_error(failure.sys, "load the system call filter");
    case Stage::exec:
      break;
  }
  auto error = os_error(failure.sys, printable(command.argv.front(), 200));
  error.code = failure.sys == ENOENT ? Errc::not_found : Errc::failed;
  return error;
}

void give_up(Child& child) {
  ::syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0);
  child.gate.reset();
  ignore(reap(child), "it never executed anything");
}

Result<int> reap(const Child& child) {
  siginfo_t info{};
  int rc = 0;
  do rc = ::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED);
  while (rc < 0 && errno == EINTR);
  if (rc < 0) return os_fail(errno, "wait for the command");
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

}  // namespace weir
