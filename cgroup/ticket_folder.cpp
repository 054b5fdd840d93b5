// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/ticket_folder.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir/base/text.h"

#include "ticket_file.h"

namespace weir {
namespace {

const std::string folder_name = "tickets", counter_name = "counter";

}  // namespace

UniqueFd open_ticket(const UniqueFd& directory, const std::string& name, int flags) {
  return UniqueFd{::openat(directory.get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)};
}

bool is_dead(const UniqueFd& ticket) {
  if (::flock(ticket.get(), LOCK_SH | LOCK_NB) < 0) return false;
  ::flock(ticket.get(), LOCK_UN);
  return true;
}

HeldTicket::~HeldTicket() {
  // What cannot be removed is dead all the same, and the next one to look removes it.
  if (file_ && is_there()) ::unlinkat(directory_.get(), name_.c_str(), 0);
}

bool HeldTicket::is_there() const {
  struct stat info {};
  return ::fstat(file_.get(), &info) == 0 && info.st_nlink > 0;
}

Result<TicketFolder> TicketFolder::open(const RunDir& run_dir) {
  WEIR_TRY(auto notes, run_dir.folder(folder_name));
  return TicketFolder{std::move(notes)};
}

Result<std::vector<TicketFolder::File>> TicketFolder::scan() const {
  WEIR_TRY(const auto names, notes_.names());
  std::vector<File> out;
  for (const auto& name : names) {
    if (name == counter_name) continue;
    const auto file = open_ticket(notes_.directory(), name, O_RDONLY);
    if (!file) continue;
    if (is_dead(file)) {
      WEIR_CHECK(notes_.remove(name));
      continue;
    }
    if (auto text = notes_.read(file, name)) out.push_back({name, std::move(*text)});
  }
  return out;
}

Result<std::uint64_t> TicketFolder::next_number() const {
  const auto text = notes_.read(counter_name);
  const auto last = text ? to_number<std::uint64_t>(*text) : std::nullopt;
  WEIR_TRY(const auto names, notes_.names());
  std::uint64_t next = last.value_or(0) + 1;
  // A counter that was damaged must not give out a number that is in use.
  for (const auto& name : names)
    if (const auto used = to_number<std::uint64_t>(name)) next = std::max(next, *used + 1);
  WEIR_CHECK(notes_.write(counter_name, fmt::format("{}", next)));
  return next;
}

Result<HeldTicket> TicketFolder::hold(const std::string& name, const std::string& text) const {
  const auto doing = [&] { return fmt::format("write {}/{}", folder_name, name); };
  UniqueFd directory{::openat(notes_.directory().get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  auto file = open_ticket(notes_.directory(), name, O_RDWR | O_CREAT | O_EXCL);
  if (!file || !directory) return os_fail(errno, doing());
  HeldTicket held{std::move(directory), std::move(file), name};
  const auto again = open_ticket(notes_.directory(), name, O_WRONLY);
  if (!again ||
      ::pwrite(again.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return os_fail(errno, doing());
  WEIR_CHECK(held.lock());
  return held;
}

Status HeldTicket::lock() const {
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) < 0)
    return os_fail(errno, fmt::format("lock ticket {}", name_));
  return {};
}

Status TicketFolder::rewrite(const std::string& name, const std::string& text) const {
  const auto file = open_ticket(notes_.directory(), name, O_WRONLY);
  if (!file && errno == ENOENT) return {};
  if (!file || ::pwrite(file.get(), text.data(), text.size(), 0) < 0)
    return os_fail(errno, fmt::format("rewrite {}/{}", folder_name, name));
  return {};
}

}  // namespace weir
