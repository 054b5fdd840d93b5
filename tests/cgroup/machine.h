// SPDX-License-Identifier: Apache-2.0
// What the contract runs on: a cgroup of its own, and processes to put below it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "weir/cgroup/io.h"

namespace weir::testing {

class Machine {
 public:
  virtual ~Machine() = default;

  /// Rooted at an empty cgroup that has the five controllers enabled for its children.
  virtual CgroupIo& io() = 0;
  /// A second door to the same cgroup: somebody else.
  virtual CgroupIo& other() = 0;

  /// A sleeping process, born in `cgroup` by clone3(CLONE_INTO_CGROUP).
  virtual Result<int> spawn(const CgroupPath& cgroup) = 0;
  /// SIGKILL; returns when it is a zombie.
  virtual void kill(int pid) = 0;
  virtual void reap(int pid) = 0;
  /// It was killed by somebody, or not, within a moment.
  virtual bool is_alive(int pid) = 0;
  /// A process in `cgroup` that uses `bytes` of memory which cannot be reclaimed.
  virtual Result<int> spawn_hog(const CgroupPath& cgroup, std::int64_t bytes) = 0;
  /// A process id that does not exist.
  virtual int dead_pid() = 0;
  virtual int kernel_thread() = 0;
  /// "254:0": a disk without a limit of anybody's.
  virtual std::string disk() = 0;
  [[nodiscard]] virtual int cpus() const = 0;
  [[nodiscard]] virtual bool is_6_12() const = 0;
};

/// A fresh one; what was left on the one before is gone.
std::unique_ptr<Machine> make_machine();

}  // namespace weir::testing
