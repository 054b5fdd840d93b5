// SPDX-License-Identifier: Apache-2.0
// /run/weir/private: the lock of the books and claims on long work. Recreated by any command.
#pragma once

#include <string>
#include <string_view>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"
#include "weir/cgroup/note_folder.h"

namespace weir {

/// Holds a file lock until it goes out of scope; the kernel releases it when the process dies.
class [[nodiscard]] FileLock {
 public:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&&) noexcept = default;
  ~FileLock();
  void release();

 private:
  UniqueFd fd_;
};

class RunDir {
 public:
  /// Makes DIR and DIR/private (0700). Refused where somebody else owns either of them: a lock
  /// anyone can open is a lock anyone can hold.
  static Result<RunDir> open(const std::string& path);

  /// The lock of the books: waits for it, at most 10 s for one and the same holder.
  [[nodiscard]] Result<FileLock> lock_books() const;
  /// A claim on long work such as "apply". Errc::conflict, "busy: apply by pid N", where it is
  /// taken.
  [[nodiscard]] Result<FileLock> claim(std::string_view work) const;

  /// A note to whoever holds the books next, should this process be killed: what it left half done.
  Status leave_note(std::string_view name, const std::string& text) const;
  /// Empty where there is none.
  [[nodiscard]] std::string note(std::string_view name) const;
  void remove_note(std::string_view name) const;

  /// A folder of small files in it, made when it is missing.
  [[nodiscard]] Result<NoteFolder> folder(const std::string& name) const;

 private:
  explicit RunDir(UniqueFd fd) : private_(std::move(fd)) {}
  UniqueFd private_;
};

}  // namespace weir
