// SPDX-License-Identifier: Apache-2.0
// Asleep until something happens to a ticket, so that nobody needs to look all the time.
#pragma once

#include <chrono>
#include <ctime>
#include <string>

#include "weir/base/result.h"
#include "weir/base/unique_fd.h"
#include "weir/cgroup/ticket_folder.h"

namespace weir {

/// Watches one's own ticket and the one before it, by inotify. A user has a limited number of
/// inotify instances (fs.inotify.max_user_instances, 128 unless raised): who gets none looks at
/// these two files twice a second instead.
class TicketWatch {
 public:
  static Result<TicketWatch> start();
  /// From now on; `before` may be empty. The books are held.
  Status watch(const TicketFolder& folder, const std::string& own, const std::string& before);
  /// `interrupt` is a descriptor that ends the sleep when it is readable, or -1.
  void sleep(std::chrono::milliseconds at_most, int interrupt);

 private:
  explicit TicketWatch(UniqueFd inotify) : inotify_(std::move(inotify)) {}
  /// False where the kernel has no room for another watch.
  Result<bool> watch_by_inotify(const TicketFolder& folder, const std::string& own);
  Status watch_by_looking(const TicketFolder& folder, const std::string& own);
  [[nodiscard]] bool has_changed() const;

  UniqueFd inotify_;
  int own_ = -1, before_ = -1;
  bool missed_ = false;  // the one before it went away before it was watched
  std::string before_name_;
  UniqueFd before_file_;
  // Without inotify:
  UniqueFd own_file_;
  std::timespec own_written_{};
};

}  // namespace weir
