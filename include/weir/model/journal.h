// SPDX-License-Identifier: Apache-2.0
// What a journal entry says: the work a process has begun, for whoever finds that it was killed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "weir/base/result.h"
#include "weir/model/names.h"

namespace weir {

enum class Work {
  make,    ///< a container's cgroup that has no record yet: to be removed
  place,   ///< processes are taken into a frozen cgroup: to be thawed
  move,    ///< a container goes from one pool to another: to be finished, or undone before `taking`
  shrink,  ///< memory is taken back from a pool or container: memory.high is to be put back
  release,  ///< a container is removed: nothing to undo
};
std::string_view to_text(Work work);

/// How far a move has come.
enum class MoveStage {
  preparing,  ///< the new cgroup is being made: nobody is in it
  taking,     ///< it has every setting: processes go over, then the records change
};
std::string_view to_text(MoveStage stage);

/// Text in a file that only root can write, parsed as hostile input all the same.
struct JournalEntry {
  Work work = Work::make;
  CgroupPath cgroup;  ///< what is made, filled, or shrunk
  CgroupPath from{};  ///< move: where the processes come from
  MoveStage stage = MoveStage::preparing;
  bool stays_frozen = false;  ///< move: its owner had frozen the container
  bool forced = false;        ///< move: whether there is room for it was not asked
  std::string memory_high{};  ///< shrink: as it was; "max" or bytes
  int pid = 0;                ///< who works on it

  static Result<JournalEntry> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  auto operator<=>(const JournalEntry&) const = default;
};

}  // namespace weir
