// SPDX-License-Identifier: Apache-2.0
#include "agent/guests.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/clear.h"
#include "weir/model/kernel_files.h"
#include "weir/runtime/queue.h"

#include "record_io.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds grace{2000};       // between SIGTERM and cgroup.kill, as in `weir run`
constexpr milliseconds patience{10'000};  // with what was killed and does not go
constexpr milliseconds nap{20};
/// "PID START" of the process that is the container's command, and "leave" where what it leaves
/// stays.
constexpr std::string_view command_attribute = "command";

/// Its cgroup, wherever it was moved meanwhile; nothing when it is gone, or is another one of the
/// same name.
std::optional<CgroupPath> path_of(Session& session, const ContainerRecord& record) {
  const auto path = find_container(session.io, session.tree, record.name);
  if (!path) return std::nullopt;
  const auto now = read_record(session.io, *path).value_or(std::nullopt);
  return now && now->since_us == record.since_us ? path : std::nullopt;
}

}  // namespace

void Guests::configure(Session& session, AgentLoop& loop, AgentPart& part) {
  session_ = &session;
  loop_ = &loop;
  part_ = &part;
}

void Guests::watch(const Guest& guest) {
  const auto add = [&](const HeldProcess& process) {
    const auto done = loop_->watch(process.pidfd.get(), Interest::readable, *part_);
    if (!done) loop_->say(done.error().message);
  };
  add(guest.command);
  if (guest.parent) add(*guest.parent);
}

void Guests::unwatch(const Guest& guest) {
  loop_->unwatch(guest.command.pidfd.get());
  if (guest.parent) loop_->unwatch(guest.parent->pidfd.get());
}

void Guests::add(Guest guest, const CgroupPath& path) {
  const auto& stat = guest.command.stat;
  ignore(session_->io.set_attribute(
             path, command_attribute,
             fmt::format("{} {}{}", stat.pid, stat.start_time, guest.leave ? " leave" : "")),
         "only a later agent would miss it");
  watch(guest);
  guests_.push_back(std::move(guest));
}

void Guests::adopt(const Member& member) {
  const auto text = session_->io.attribute(member.path, command_attribute).value_or(std::nullopt);
  const auto words = split_words(text ? std::string_view{*text} : std::string_view{});
  if (words.size() < 2) return;
  const auto pid = to_number<int>(words[0]);
  const auto start = to_number<std::uint64_t>(words[1]);
  if (!pid || !start) return;
  Guest guest{.record = member.record, .command = {}, .leave = words.size() > 2};
  auto command = hold_process(*pid);
  const bool runs = command && command->stat.start_time == *start && command->is_alive();
  if (runs) guest.command = std::move(*command);
  if (runs) watch(guest);
  guests_.push_back(std::move(guest));
  if (!runs) end(guests_.back(), AgentTime{});  // long ago
}

void Guests::adopt() {
  for (std::size_t i = 0; i < session_->tree.pools.size(); ++i) {
    const auto members = read_members(session_->io, session_->tree, i);
    if (!members) continue;
    for (const auto& member : *members)
      if (!find(member.record.name)) adopt(member);
  }
}

Guest* Guests::find(const ContainerName& name) {
  const auto at =
      std::ranges::find_if(guests_, [&](const Guest& guest) { return guest.record.name == name; });
  return at == guests_.end() ? nullptr : &*at;
}

void Guests::kill(const ContainerRecord& record, RequestPeer peer, AgentTime now) {
  auto* guest = find(record.name);
  if (!guest) guest = &guests_.emplace_back(Guest{.record = record, .command = {}});
  if (guest->phase == Guest::Phase::runs && guest->command.pidfd) unwatch(*guest);
  guest->phase = Guest::Phase::asked;
  guest->deadline = now;  // no grace
  guest->leave = false;
  guest->waiting.push_back(std::move(peer));
}

bool Guests::on_ready(int fd, AgentTime now) {
  for (auto& guest : guests_) {
    const bool command = guest.command.pidfd.get() == fd;
    const bool parent = guest.parent && guest.parent->pidfd.get() == fd;
    if (!command && !parent) continue;
    unwatch(guest);
    if (parent && !command) {
      guest.phase = Guest::Phase::asked;
      guest.deadline = now;
    } else {
      end(guest, now);
    }
    return true;
  }
  return false;
}

/// The command has ended: what it left is ended too, unless it is to stay.
void Guests::end(Guest& guest, AgentTime now) {
  guest.phase = Guest::Phase::asked;
  guest.deadline = now + grace;
  const auto path = path_of(*session_, guest.record);
  if (path && !guest.leave)
    ignore(terminate(session_->io, *path), "what stays is killed after the grace");
}

std::optional<Status> Guests::advance(Guest& guest, AgentTime now) {
  const auto path = path_of(*session_, guest.record);
  if (!path) return Status{};
  const auto empty = wait_unpopulated(session_->io, *path, milliseconds{0});
  if (!empty) return tl::unexpected(empty.error());
  if (*empty) return remove(guest, *path);
  if (guest.leave) return Status{};
  if (now < guest.deadline) return std::nullopt;
  if (guest.phase == Guest::Phase::killed)
    return fail(Errc::failed, fmt::format("{} does not become empty", path->str()));
  guest.phase = Guest::Phase::killed;
  guest.deadline = now + patience;
  if (auto killed = send_kill(session_->io, *path); !killed) return killed;
  return std::nullopt;
}

Status Guests::remove(const Guest&, const CgroupPath& path) {
  WEIR_TRY(const auto lock, session_->run_dir.lock_books());
  WEIR_CHECK(session_->books().remove(path));
  call_next(session_->io, session_->tree, session_->run_dir);
  if (const auto pool = session_->tree.find_at(path.parent()))
    ignore(settle_weights(*session_, *pool), "the next start or verify settles them");
  return {};
}

std::optional<AgentTime> Guests::step(AgentTime now) {
  std::optional<AgentTime> next;
  std::erase_if(guests_, [&](Guest& guest) {
    if (guest.phase == Guest::Phase::runs) return false;
    const auto done = advance(guest, now);
    if (!done) {
      next = now + nap;
      return false;
    }
    AgentReply reply;
    if (!*done) reply.error = done->error();
    if (reply.error) loop_->say(reply.error->message);
    for (const auto& peer : guest.waiting) peer.send(reply.str());
    return true;
  });
  return next;
}

}  // namespace weir
