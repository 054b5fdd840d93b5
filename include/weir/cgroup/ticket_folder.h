// SPDX-License-Identifier: Apache-2.0
// Tickets of those that wait: files that are locked by whoever waits, so that a dead one's ticket
// is dead too.
#pragma once

#include <string>
#include <vector>

#include "weir/cgroup/note_folder.h"
#include "weir/cgroup/run_dir.h"

namespace weir {

/// A ticket of this very process. It is gone when this is destroyed, or the process dies.
class HeldTicket {
 public:
  HeldTicket(UniqueFd directory, UniqueFd file, std::string name)
      : directory_(std::move(directory)), file_(std::move(file)), name_(std::move(name)) {}
  HeldTicket(HeldTicket&&) noexcept = default;
  HeldTicket& operator=(HeldTicket&&) noexcept = default;
  ~HeldTicket();

  [[nodiscard]] const std::string& name() const { return name_; }
  /// False once somebody has cancelled it.
  [[nodiscard]] bool is_there() const;
  /// Until it is destroyed.
  Status lock() const;

 private:
  UniqueFd directory_, file_;
  std::string name_;
};

/// Whoever uses it holds the books.
class TicketFolder {
 public:
  static Result<TicketFolder> open(const RunDir& run_dir);

  struct File {
    std::string name, text;
  };
  /// Of the living, sorted by name; the dead ones' are removed.
  [[nodiscard]] Result<std::vector<File>> scan() const;
  /// A number that no ticket had before.
  [[nodiscard]] Result<std::uint64_t> next_number() const;
  [[nodiscard]] Result<HeldTicket> hold(const std::string& name, const std::string& text) const;
  /// Puts a text of the same length in its place, which wakes whoever holds it.
  Status rewrite(const std::string& name, const std::string& text) const;
  Status remove(const std::string& name) const { return notes_.remove(name); }

  [[nodiscard]] const NoteFolder& notes() const { return notes_; }

 private:
  explicit TicketFolder(NoteFolder notes) : notes_(std::move(notes)) {}
  NoteFolder notes_;
};

}  // namespace weir
