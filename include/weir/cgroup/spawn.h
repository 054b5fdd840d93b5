// SPDX-License-Identifier: Apache-2.0
// Starts a program inside a cgroup: clone3 with CLONE_INTO_CGROUP (Linux 5.7), so it is there
// before its first instruction, and no fork of it can be anywhere else.
#pragma once

#include <functional>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/types.h>
#include <vector>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"
#include "weir/cgroup/seccomp.h"
#include "weir/cgroup/users.h"

namespace weir {

struct Command {
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH; no shell is involved
  std::optional<std::string> chdir;
  std::optional<Credentials> user;  ///< becomes this user after it is in the cgroup
  /// Loaded just before the program is executed, so that nothing weir does itself is filtered. Who
  /// has CAP_SYS_ADMIN keeps setuid programs (sudo) working; others get no_new_privs.
  std::optional<SeccompFilter> filter = {};
  bool die_with_parent = false;  ///< SIGKILL when its parent dies (prctl(2))
  sigset_t signal_mask{};        ///< what it starts with
};

/// A child that was cloned and waits, with all signals held back that its parent holds back.
struct Child {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd gate;         ///< closed without open_gate: the child ends
  UniqueFd exec_status;  ///< reports a failed exec, closes at a successful one
};

/// The child is in the cgroup of `directory` when this returns, and waits there for let_execute.
/// Single-threaded callers only.
Result<Child> spawn_into(const UniqueFd& directory, const Command& command);

/// The child stays in this process's cgroup and waits there.
Result<Child> spawn_outside(const Command& command);

/// What a child asks the agent for before it goes on.
struct Question {
  std::string socket;  ///< the agent's
  std::string greeting, message;
  /// What begins with it comes before the answer, any number of times, a line each.
  std::string notice;
  std::size_t longest_answer = 0;
};

/// A child that stays in this process's cgroup and asks the agent itself, because the agent serves
/// nobody but who asks; then it waits for let_execute. It dies with this process until it has its
/// answer, which comes out of `answer` as a whole; nothing does where the agent gave none.
Result<Child> spawn_asking(const Question& question, const Command& command, UniqueFd& answer);

/// Whoever waits for an answer.
struct AnswerReader {
  int interrupt = -1;                                 ///< readable: perhaps it is to end
  std::function<bool()> interrupted;                  ///< whether it is
  std::function<void(std::string_view)> take_notice;  ///< a line, with its end
};

/// All of what comes out of `answer` behind the notices; empty where it closed without a word.
/// Nothing when it was interrupted before.
std::optional<std::string> read_answer(const UniqueFd& answer, const Question& question,
                                       const AnswerReader& reader);

/// Lets the child go on, and waits for nothing.
void open_gate(Child& child);

/// Lets the child go on, unless that was done, and waits until it executes its program. Nothing: it
/// does. Else the error with errno: ENOENT where there is no such program.
std::optional<Error> let_execute(Child& child, const Command& command);

/// A child that has not been let go ends now; whatever it waits for.
void give_up(Child& child);

/// Reaps the child and gives its wait status as a shell would: its exit code, or 128 + signal.
Result<int> reap(const Child& child);

}  // namespace weir
