// SPDX-License-Identifier: Apache-2.0
// A hook's own process: what it is given, who called it, and that it never takes longer than it
// may.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"

namespace weir {

/// A moment after which a hook does nothing more.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds from_now)
      : at_(std::chrono::steady_clock::now() + from_now) {}
  /// 0 once it is over.
  [[nodiscard]] std::chrono::milliseconds left() const;
  [[nodiscard]] bool is_over() const { return left().count() == 0; }
  void extend(std::chrono::milliseconds by) { at_ += by; }

 private:
  std::chrono::steady_clock::time_point at_;
};

/// What happens when all else takes too long: a stuck system call included. One for each process.
class LastResort {
 public:
  /// `output` (which must outlive this) goes to stdout, `line` to stderr, and the process exits.
  struct Answer {
    int status = 0;
    std::string_view output;
    std::string_view line;
  };
  /// From now on, `after` later.
  static void arm(std::chrono::milliseconds after);
  static void set(const Answer& answer);
  static void disarm();
};

/// All of a descriptor's input. Errc::usage where it is longer than `at_most`; Errc::failed where
/// it does not end before the deadline.
/// `what` it is, for the error.
Result<std::string> read_input(int fd, std::size_t at_most, const Deadline& deadline,
                               std::string_view what = "the container's description");
Status write_output(int fd, std::string_view text);

/// Whose process this is.
struct ProcessOwner {
  std::uint32_t uid = 0;
  std::vector<std::uint32_t> groups;
};
ProcessOwner process_owner();

/// A process that asks for something and may die before it has it.
struct ProcessIdentity {
  int pid = 0;
  std::uint64_t start_time = 0;
};
ProcessIdentity identity_of_self();
ProcessIdentity identity_of_parent();

/// One line for the user of a container runtime. podman gives its precreate hooks no stderr: then
/// it goes to the parent's.
void complain(std::string_view line);

/// Sleeps, but not beyond the deadline.
void nap(std::chrono::milliseconds time, const Deadline& deadline);

/// Becomes `program` (looked up in PATH where it has no slash) with these arguments, all
/// descriptors and the environment. Returns only when that fails.
Error become(const std::string& program, const std::vector<std::string>& argv);

/// The first of `programs` that can be executed, as PATH finds it.
std::optional<std::string> find_program(const std::vector<std::string>& programs);

/// realpath(3); nothing where there is no such path.
std::optional<std::string> absolute_path(const std::string& path);

/// One write(2) to the end of a file, made when it is missing.
Status append_to_file(const std::string& path, std::string_view text);

}  // namespace weir
