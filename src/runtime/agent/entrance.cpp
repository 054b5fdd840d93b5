// SPDX-License-Identifier: Apache-2.0
#include "agent/entrance.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/cgroup/clear.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/take.h"
#include "weir/model/kernel_files.h"
#include "weir/runtime/audit.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/leaf.h"

#include "new_record.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
// As the first waiter of a pool does that has a process of its own.
constexpr milliseconds between_looks{500};
constexpr milliseconds patience_with_the_dead{1000};

Status check_promises(const Pool& pool) {
  if (pool.spec.seccomp == "none") return {};
  return fail(
      Errc::unsupported,
      fmt::format("pool '{}' has a system call filter, which only root can put on a command",
                  pool.name().str()));
}

/// Only what a user may say of a container; the rest is the agent's to fill in.
ContainerRecord asked_only(const ContainerRecord& said) {
  ContainerRecord record{.name = said.name};
  record.cpu_request = said.cpu_request;
  record.cpu_limit = said.cpu_limit;
  record.memory_request = said.memory_request;
  record.memory_limit = said.memory_limit;
  record.swap_limit = said.swap_limit;
  record.priority = said.priority;
  record.value = said.value;
  record.work = said.work;
  return record;
}

tl::unexpected<Error> cancelled(std::uint64_t ticket) {
  return fail(Errc::no_capacity, fmt::format("ticket {} was cancelled", ticket));
}

}  // namespace

void Entrance::configure(Session& session, AgentLoop& loop, AgentPart& part) {
  session_ = &session;
  loop_ = &loop;
  part_ = &part;
  permissions_ = Permissions{session.tree};
  for (const auto& line : permissions_.unknown()) loop.say(line);
}

std::size_t Entrance::waiting_of(std::uint32_t uid) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      waiting_, [&](const Waiting& waiting) { return waiting.peer.uid() == uid; }));
}

Result<Entrance::Applicant> Entrance::examine(const AgentRequest& request,
                                              const RequestPeer& peer) const {
  WEIR_TRY(const auto who, peer.identify());
  WEIR_TRY(const auto index, find_leaf_pool(session_->tree, request.pool));
  const auto& pool = session_->tree.pools[index];
  WEIR_TRY(auto record, with_defaults(asked_only(request.asked), pool));
  record.since_us = wall_us();
  record.owner_uid = peer.uid();
  WEIR_CHECK(permissions_.check(session_->tree, index, who, record));
  WEIR_CHECK(check_promises(pool));
  return Applicant{request, std::move(record), who};
}

/// The audit log names the peer: the agent does nothing here of its own accord.
AgentReply Entrance::answered(Result<AgentReply> result, const AgentRequest& request,
                              const RequestPeer& peer) const {
  AuditEntry entry{.what = "run", .pool = request.pool, .container = request.asked.name.str()};
  entry.result = result ? std::string_view{"done"} : code_name(result.error().code);
  if (!result) entry.reason = result.error().message;
  audit(session_->audit_log, entry, {peer.uid(), peer.process_id(), "weir run (by the agent)"});
  if (result) return std::move(*result);
  AgentReply reply;
  reply.error = std::move(result).error();
  return reply;
}

std::optional<AgentReply> Entrance::ask(const AgentRequest& request, RequestPeer& peer,
                                        Guests& guests, AgentTime now) {
  auto applicant = examine(request, peer);
  if (!applicant) return answered(pass(std::move(applicant)), request, peer);
  auto done = apply(std::move(*applicant), peer, guests, now);
  if (!done) return answered(pass(std::move(done)), request, peer);
  if (!*done) return std::nullopt;
  return answered(std::move(**done), request, peer);
}

Result<std::optional<AgentReply>> Entrance::apply(Applicant applicant, RequestPeer& peer,
                                                  Guests& guests, AgentTime now) {
  auto& session = *session_;
  WEIR_TRY(const auto index, find_leaf_pool(session.tree, applicant.request.pool));
  WEIR_TRY(const auto lock, session.run_dir.lock_books());
  auto books = session.books();
  WEIR_CHECK(check_pool_is_applied(session, session.tree.pools[index]));
  WEIR_CHECK(check_name_is_free(session, books, applicant.record.name));
  WEIR_TRY(auto queue, Queue::read(session.io, books, session.tree, session.run_dir));
  WEIR_TRY(auto verdict, queue.ask(index, applicant.record));
  if (!verdict.refused) {
    WEIR_TRY(auto reply, let_in(applicant, index, peer, books, guests));
    if (!queue.is_empty()) call_next(session.io, session.tree, session.run_dir);
    return std::optional{std::move(reply)};
  }
  if (verdict.for_ever || !applicant.request.wait)
    return tl::unexpected(std::move(*verdict.refused));
  WEIR_CHECK(join(queue, std::move(applicant), index, std::move(*verdict.refused), peer, now));
  return std::optional<AgentReply>{};
}

Status Entrance::join(Queue& queue, Applicant applicant, std::size_t pool, Error missing,
                      RequestPeer& peer, AgentTime now) {
  const auto patience = *applicant.request.wait;
  WEIR_TRY(auto ticket, queue.join(pool, applicant.record, peer.process_id()));
  const auto number = to_number<std::uint64_t>(ticket.name()).value_or(0);
  std::optional<AgentTime> deadline;
  if (patience < wait_for_ever) deadline = now + patience;
  WEIR_CHECK(loop_->watch(peer.descriptor(), Interest::readable, *part_));
  auto& waiting =
      waiting_.emplace_back(Waiting{std::move(applicant), std::move(peer), std::move(ticket),
                                    number, deadline, std::move(missing.message)});
  tell_place(waiting, queue.position(number));
  if (!next_look_) next_look_ = now + between_looks;
  return {};
}

void Entrance::tell_place(Waiting& waiting, std::size_t place) {
  if (!waiting.applicant.request.tell || place == 0 || place == waiting.place) return;
  waiting.place = place;
  waiting.peer.send(PlaceNotice{place, waiting.reason}.str());
}

Result<std::vector<ListedTicket>> Entrance::tickets_of(std::uint32_t uid) const {
  auto& session = *session_;
  WEIR_TRY(const auto lock, session.run_dir.lock_books());
  auto books = session.books();
  WEIR_TRY(const auto queue, Queue::read(session.io, books, session.tree, session.run_dir));
  std::vector<ListedTicket> out;
  for (auto& ticket : queue.tickets()) {
    const auto position = queue.position(ticket.number);
    if (ticket.record.owner_uid == uid) out.push_back({std::move(ticket), position});
  }
  return out;
}

Status Entrance::cancel(std::uint64_t ticket, std::uint32_t uid) {
  const auto at = std::ranges::find(waiting_, ticket, &Waiting::number);
  // Of others one learns nothing, not even that they wait.
  if (at == waiting_.end() || at->peer.uid() != uid)
    return fail(Errc::not_found, fmt::format("no ticket {} of yours", ticket),
                "`weir queue` shows them");
  loop_->unwatch(at->peer.descriptor());
  at->peer.send(answered(cancelled(ticket), at->applicant.request, at->peer).str());
  waiting_.erase(at);
  auto& session = *session_;
  WEIR_TRY(const auto lock, session.run_dir.lock_books());
  call_next(session.io, session.tree, session.run_dir);
  return {};
}

Result<AgentReply> Entrance::let_in(const Applicant& applicant, std::size_t pool, RequestPeer& peer,
                                    Books& books, Guests& guests) {
  auto& session = *session_;
  auto record = applicant.record;
  record.since_us = wall_us();
  // Before the process is let go, so that its parent's end cannot be missed.
  auto parent = applicant.request.die_with_parent ? peer.hold_parent() : std::nullopt;
  AgentReply reply;
  WEIR_TRY(reply.path, container_path(session.tree, pool, record.name));
  WEIR_CHECK(books.admit(pool, record));
  auto claim = make_member(session, Work::make, pool, reply.path, record);
  if (!claim) {
    ignore(books.unbook(pool, record), "the next one to look counts anew");
    return pass(std::move(claim));
  }
  claim->done();
  if (auto moved = move_in(reply.path, applicant, peer); !moved) {
    ignore(books.remove(reply.path), "the first error is the one to report");
    return pass(std::move(moved));
  }
  guests.add(Guest{.record = std::move(record),
                   .command = peer.take_process(),
                   .parent = std::move(parent),
                   .leave = applicant.request.leave},
             reply.path);
  ignore(settle_weights(session, pool), "the next start or verify settles them");
  return reply;
}

/// Moves the one process. Who it is was read before and is read again afterwards: a process that
/// executed a setuid program in between goes back to where it was. On an error nobody is in `path`.
Status Entrance::move_in(const CgroupPath& path, const Applicant& applicant,
                         const RequestPeer& peer) {
  auto& io = session_->io;
  const int pid = peer.process_id();
  std::vector<HeldProcess> home;
  if (auto held = hold_process(pid)) home.push_back(std::move(*held));
  auto moved = io.write(path, file::cgroup_procs, fmt::format("{}", pid));
  io.inhabited(path);
  const auto after = peer.identify();
  if (moved && after && *after == applicant.who) return {};
  if (moved) put_back(io, home);
  ignore(kill_all(io, path), "the first error is the one to report");
  ignore(wait_unpopulated(io, path, patience_with_the_dead), "then it is removed later");
  if (!after) return tl::unexpected(after.error());
  if (!moved) return moved;
  return fail(Errc::denied, "the process that asked has changed its users or groups meanwhile");
}

bool Entrance::on_ready(int fd) {
  return std::erase_if(waiting_, [&](const Waiting& waiting) {
           if (waiting.peer.descriptor() != fd) return false;
           loop_->unwatch(fd);
           return true;
         }) > 0;
}

std::optional<AgentReply> Entrance::look(Waiting& waiting, Guests& guests, AgentTime now) {
  auto& session = *session_;
  const auto& request = waiting.applicant.request;
  const auto decide = [&]() -> Result<std::optional<AgentReply>> {
    if (!waiting.ticket.is_there()) return cancelled(waiting.number);
    if (waiting.deadline && now >= *waiting.deadline)
      return fail(Errc::no_capacity,
                  fmt::format("waited {} in vain: {}", to_text(*request.wait), waiting.reason),
                  "wait longer (--wait=DURATION), or `weir queue` to see who else waits");
    WEIR_TRY(const auto index, find_leaf_pool(session.tree, request.pool));
    WEIR_TRY(const auto lock, session.run_dir.lock_books());
    auto books = session.books();
    WEIR_TRY(auto queue, Queue::read(session.io, books, session.tree, session.run_dir));
    WEIR_TRY(const bool next, queue.is_next(waiting.number));
    if (!next) {
      WEIR_CHECK(queue.call_next());
      tell_place(waiting, queue.position(waiting.number));
      return std::optional<AgentReply>{};
    }
    WEIR_CHECK(check_name_is_free(session, books, waiting.applicant.record.name));
    { const auto used_up = std::move(waiting.ticket); }
    WEIR_TRY(auto reply, let_in(waiting.applicant, index, waiting.peer, books, guests));
    call_next(session.io, session.tree, session.run_dir);
    return std::optional{std::move(reply)};
  };
  auto done = decide();
  if (!done) return answered(pass(std::move(done)), request, waiting.peer);
  if (!*done) return std::nullopt;
  return answered(std::move(**done), request, waiting.peer);
}

std::optional<AgentTime> Entrance::step(Guests& guests, AgentTime now) {
  if (waiting_.empty()) next_look_.reset();
  if (!next_look_ || now < *next_look_) return next_look_;
  std::erase_if(waiting_, [&](Waiting& waiting) {
    const int fd = waiting.peer.descriptor();
    const auto reply = look(waiting, guests, now);
    if (!reply) return false;
    loop_->unwatch(fd);
    waiting.peer.send(reply->str());
    return true;
  });
  next_look_.reset();
  if (!waiting_.empty()) next_look_ = now + between_looks;
  return next_look_;
}

}  // namespace weir
