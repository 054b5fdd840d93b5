// SPDX-License-Identifier: Apache-2.0
// Small texts in one file of the run directory. Whoever changes or reads them holds the books. One
// call reads all, one makes, replaces or drops one, and a kill at any point leaves each as it was
// or as it was to be: a slot is a page of the file, which the kernel writes in one piece.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"

namespace weir {

class NoteSlots {
 public:
  static constexpr std::size_t slot_size = 4096;
  /// A zero byte ends it.
  static constexpr std::size_t longest = slot_size - 1;

  NoteSlots(UniqueFd file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

  struct Note {
    std::size_t slot = 0;
    std::string text;
  };
  /// Of the slots that are not empty, in order.
  [[nodiscard]] Result<std::vector<Note>> read() const;
  /// `text` has no zero byte and is not empty. Errc::failed where it is too long.
  Status write(std::size_t slot, const std::string& text) const;
  Status clear(std::size_t slot) const;
  /// Drops this slot and all that follow from the file.
  Status cut(std::size_t slot) const;

 private:
  [[nodiscard]] Status put(std::size_t slot, const char* bytes, std::size_t size) const;

  UniqueFd file_;
  std::string name_;
};

}  // namespace weir
