// SPDX-License-Identifier: Apache-2.0
// Reads the statistics of many cgroups again and again at the least cost: descriptors stay open,
// each file is one pread, and text that did not change is not parsed.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "weir/base/unique_fd.h"
#include "weir/cgroup/usage.h"
#include "weir/model/names.h"

namespace weir {

class UsageWatcher final : public UsageSource {
 public:
  /// `root` is the directory that paths are relative to. Raises this process's soft limit of open
  /// files to the hard one and leaves `spare` descriptors to others; cgroups beyond that are read
  /// by open, read and close.
  explicit UsageWatcher(UniqueFd root, std::size_t spare = 256);

  /// Starts to watch a cgroup; one that is watched already keeps its place. The number is its own
  /// until forget().
  std::size_t follow(const CgroupPath& cgroup, Detail detail);
  void forget(const CgroupPath& cgroup);

  /// Reads again. False: the cgroup is gone.
  bool refresh(std::size_t slot);
  /// As of the last refresh.
  [[nodiscard]] const Reading& reading(std::size_t slot) const { return slots_[slot].reading; }

  /// follow() where needed, refresh() and reading() in one.
  bool read(const CgroupPath& cgroup, Detail detail, Reading& out) override;

  [[nodiscard]] std::size_t followed() const { return by_path_.size(); }
  [[nodiscard]] std::size_t descriptors() const { return open_; }

 private:
  static constexpr std::size_t most_files = 8;
  struct File {
    int fd = -1;
    std::string text;  // as it was read last
  };
  struct Slot {
    std::string path;
    Detail detail = Detail::container;
    std::array<File, most_files> files;
    Reading reading;
    std::int64_t parts_at = -1;  // memory.current when memory.stat was read
  };

  void open_files(Slot& slot);
  void close_files(Slot& slot);
  UniqueFd open_file(const Slot& slot, std::string_view name) const;
  bool refresh_file(Slot& slot, std::size_t index, std::string_view name);
  void refresh_parts(Slot& slot, std::size_t index);

  UniqueFd root_;
  std::size_t budget_ = 0, open_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;
  std::unordered_map<std::string, std::size_t> by_path_;
};

}  // namespace weir
