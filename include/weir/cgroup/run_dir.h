// SPDX-License-Identifier: Apache-2.0
// /run/weir/private: the lock of the books, claims on long work, and the journal. Recreated by any
// command.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"
#include "weir/cgroup/note_folder.h"
#include "weir/cgroup/note_slots.h"

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
  friend class RunDir;
  UniqueFd fd_;
};

class RunDir {
 public:
  /// Makes DIR and DIR/private (0700). Refused where somebody else owns either of them: a lock
  /// anyone can open is a lock anyone can hold.
  static Result<RunDir> open(const std::string& path);

  /// The lock of the books: waits for it, at most 10 s for one and the same holder.
  [[nodiscard]] Result<FileLock> lock_books() const;
  /// The same, but at most `patience` in all, whoever holds it.
  [[nodiscard]] Result<FileLock> lock_books_within(std::chrono::milliseconds patience) const;
  /// A claim on long work such as "apply". Errc::conflict, "busy: apply by pid N", where it is
  /// taken.
  [[nodiscard]] Result<FileLock> claim(std::string_view work) const;

  /// The lock on the journal entry of `subject`; nothing where another process holds it, or where
  /// there is none and `create` does not ask for it.
  [[nodiscard]] Result<std::optional<FileLock>> lock_entry(std::string_view subject,
                                                           bool create) const;
  /// Replaces what a locked entry says.
  static Status write_entry(const FileLock& lock, std::string_view text);
  /// Empty where there is none, or where it has just been made.
  [[nodiscard]] std::string entry(std::string_view subject) const;
  /// Only whoever holds its lock may do so.
  void remove_entry(std::string_view subject) const;
  /// The subjects of all entries, sorted.
  [[nodiscard]] std::vector<std::string> entries() const;

  /// A note to whoever holds the books next, should this process be killed: what it left half done.
  Status leave_note(std::string_view name, const std::string& text) const;
  /// Empty where there is none.
  [[nodiscard]] std::string note(std::string_view name) const;
  void remove_note(std::string_view name) const;

  /// A folder of small files in it, made when it is missing.
  [[nodiscard]] Result<NoteFolder> folder(const std::string& name) const;
  /// A file of small texts in it, made when it is missing.
  [[nodiscard]] Result<NoteSlots> slots(const std::string& name) const;

 private:
  [[nodiscard]] Result<FileLock> lock(std::chrono::milliseconds patience, bool in_all) const;
  explicit RunDir(UniqueFd fd) : private_(std::move(fd)) {}
  UniqueFd private_;
};

}  // namespace weir
