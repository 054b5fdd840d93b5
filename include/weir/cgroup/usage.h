// SPDX-License-Identifier: Apache-2.0
// Reads a cgroup's statistics files. Who reads them again and again has UsageWatcher.
#pragma once

#include "weir/cgroup/io.h"
#include "weir/model/usage.h"

namespace weir {

/// Files that are missing leave their part of the reading as it is by default.
Usage read_usage(CgroupIo& io, const CgroupPath& cgroup);

/// How much of a cgroup is looked at.
enum class Detail {
  container,  ///< CPU and memory
  pool,       ///< also tasks, swap and disks
};

/// What dynamic allocation looks at.
struct Reading {
  Usage usage;
  MemoryParts parts;
};

class UsageSource {
 public:
  UsageSource() = default;
  UsageSource(const UsageSource&) = delete;
  UsageSource& operator=(const UsageSource&) = delete;
  virtual ~UsageSource() = default;
  /// False: there is no such cgroup any more.
  virtual bool read(const CgroupPath& cgroup, Detail detail, Reading& out) = 0;
};

/// Opens, reads and closes each file: for a single look, and for tests on a fake kernel.
class DirectUsage final : public UsageSource {
 public:
  explicit DirectUsage(CgroupIo& io) : io_(io) {}
  bool read(const CgroupPath& cgroup, Detail detail, Reading& out) override;

 private:
  CgroupIo& io_;
};

}  // namespace weir
