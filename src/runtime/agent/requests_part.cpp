// SPDX-License-Identifier: Apache-2.0
#include "agent/requests_part.h"

#include <algorithm>
#include <fmt/format.h>

namespace weir {
namespace {

using std::chrono::milliseconds;
constexpr std::size_t most_connections = 1024, most_of_one_user = 256;
constexpr milliseconds time_to_speak{5000};
// When no descriptor is left for another connection.
constexpr milliseconds time_to_rest{100};
constexpr int most_at_once = 64;

AgentReply reply_with(Error error) {
  AgentReply reply;
  reply.error = std::move(error);
  return reply;
}

Error too_many(std::uint32_t uid) {
  Error error;
  error.code = Errc::conflict;
  error.message = fmt::format("uid {} has {} requests open already", uid, most_of_one_user);
  error.hint = "wait until some have been answered";
  return error;
}

}  // namespace

Status RequestsPart::configure(Session& session, AgentLoop& loop) {
  session_ = &session;
  loop_ = &loop;
  guests_.configure(session, loop, *this);
  entrance_.configure(session, loop, *this);
  if (socket_) return {};
  guests_.adopt();
  allow_many_descriptors();
  WEIR_TRY(socket_, RequestSocket::listen(path_));
  return loop.watch(socket_->descriptor(), Interest::readable, *this);
}

bool RequestsPart::has_room_for(std::uint32_t uid) const {
  const auto open = std::ranges::count_if(
      connections_, [&](const auto& entry) { return entry.second.peer.uid() == uid; });
  return static_cast<std::size_t>(open) + entrance_.waiting_of(uid) < most_of_one_user;
}

Status RequestsPart::accept_all(AgentTime now) {
  for (int i = 0; i < most_at_once; ++i) {
    auto accepted = socket_->accept(agent_greeting);
    if (!accepted) {
      loop_->unwatch(socket_->descriptor());
      deaf_until_ = now + time_to_rest;
      return pass(std::move(accepted));
    }
    if (!*accepted) return {};
    auto& peer = **accepted;
    if (connections_.size() >= most_connections) continue;
    if (!has_room_for(peer.uid())) {
      peer.send(reply_with(too_many(peer.uid())).str());
      continue;
    }
    const int fd = peer.descriptor();
    WEIR_CHECK(loop_->watch(fd, Interest::readable, *this));
    connections_.emplace(fd, Connection{std::move(peer), now + time_to_speak});
  }
  return {};
}

void RequestsPart::drop(int fd) {
  loop_->unwatch(fd);
  connections_.erase(fd);
}

void RequestsPart::hear(int fd, AgentTime now) {
  auto& peer = connections_.at(fd).peer;
  auto text = peer.receive(longest_request);
  if (text && !*text) return;
  if (text && (*text)->empty()) return drop(fd);
  // One message a connection; who is served later is taken out of the list here.
  loop_->unwatch(fd);
  auto taken = std::move(peer);
  connections_.erase(fd);
  if (!text) {
    taken.send(reply_with(std::move(text).error()).str());
    return;
  }
  const auto request = AgentRequest::parse(**text);
  const auto reply = request ? answer(*request, taken, now) : reply_with(request.error());
  if (reply) taken.send(reply->str());
}

Status RequestsPart::on_ready(int fd, AgentTime now) {
  if (socket_ && fd == socket_->descriptor()) return accept_all(now);
  if (connections_.contains(fd))
    hear(fd, now);
  else if (!entrance_.on_ready(fd))
    guests_.on_ready(fd, now);
  return {};
}

Result<std::optional<AgentTime>> RequestsPart::on_tick(AgentTime now) {
  std::optional<AgentTime> next = guests_.step(now);
  const auto take = [&](AgentTime when) { next = next ? std::min(*next, when) : when; };
  if (const auto look = entrance_.step(guests_, now)) take(*look);
  std::erase_if(connections_, [&](const auto& entry) {
    const bool over = now >= entry.second.deadline;
    if (over)
      loop_->unwatch(entry.first);
    else
      take(entry.second.deadline);
    return over;
  });
  if (deaf_until_ && now >= *deaf_until_) {
    deaf_until_.reset();
    WEIR_CHECK(loop_->watch(socket_->descriptor(), Interest::readable, *this));
  }
  if (deaf_until_) take(*deaf_until_);
  return next;
}

Status RequestsPart::stop() {
  connections_.clear();
  entrance_.close();
  socket_.reset();
  return {};
}

}  // namespace weir
