// SPDX-License-Identifier: Apache-2.0
// What ordinary users ask for over the agent's socket.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "weir/cgroup/request_socket.h"
#include "weir/model/agent_message.h"
#include "weir/runtime/agent_part.h"

#include "agent/entrance.h"
#include "agent/guests.h"

namespace weir {

/// The agent serves nobody but who asks: it makes that very process a container, shows and ends
/// that user's containers. Everything else is denied.
class RequestsPart final : public AgentPart {
 public:
  explicit RequestsPart(std::string socket) : path_(std::move(socket)) {}

  [[nodiscard]] std::string_view name() const override { return "requests"; }
  Status configure(Session& session, AgentLoop& loop) override;
  Status on_ready(int fd, AgentTime now) override;
  Result<std::optional<AgentTime>> on_tick(AgentTime now) override;
  Status stop() override;

 private:
  struct Connection {
    RequestPeer peer;
    AgentTime deadline;
  };

  Status accept_all(AgentTime now);
  [[nodiscard]] bool has_room_for(std::uint32_t uid) const;
  void hear(int fd, AgentTime now);
  void drop(int fd);

  /// Nothing: the answer comes later, and the peer was taken over.
  std::optional<AgentReply> answer(const AgentRequest& request, RequestPeer& peer, AgentTime now);
  Result<AgentReply> list(const RequestPeer& peer);
  Result<AgentReply> list_tickets(const RequestPeer& peer);
  Result<AgentReply> cancel(const AgentRequest& request, const RequestPeer& peer);
  Result<std::optional<AgentReply>> release(const AgentRequest& request, RequestPeer& peer,
                                            AgentTime now);
  std::optional<AgentReply> await(const AgentRequest& request, RequestPeer& peer);

  std::string path_;
  Session* session_ = nullptr;
  AgentLoop* loop_ = nullptr;
  std::optional<RequestSocket> socket_;
  std::optional<AgentTime> deaf_until_;
  std::map<int, Connection> connections_;
  Entrance entrance_;
  Guests guests_;
};

}  // namespace weir
