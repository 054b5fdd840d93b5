// SPDX-License-Identifier: Apache-2.0
// The way into a pool for a process that asked the agent: the books, the queue, the leaf.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/cgroup/request_socket.h"
#include "weir/model/agent_message.h"
#include "weir/runtime/agent_part.h"
#include "weir/runtime/queue.h"

#include "agent/guests.h"
#include "agent/permission.h"

namespace weir {

class Entrance {
 public:
  void configure(Session& session, AgentLoop& loop, AgentPart& part);

  /// Makes the peer's process a container, or lets it wait where it asked for that and takes the
  /// peer over; then there is no answer yet.
  std::optional<AgentReply> ask(const AgentRequest& request, RequestPeer& peer, Guests& guests,
                                AgentTime now);

  /// True where `fd` is one of those that wait: it has hung up, and waits no more.
  bool on_ready(int fd);
  /// Lets in whose turn it is; when to look again.
  std::optional<AgentTime> step(Guests& guests, AgentTime now);

  /// Those of this user, in order of arrival.
  Result<std::vector<ListedTicket>> tickets_of(std::uint32_t uid) const;
  /// Ends the wait of one of this user's tickets.
  Status cancel(std::uint64_t ticket, std::uint32_t uid);

  /// How many of this user wait.
  [[nodiscard]] std::size_t waiting_of(std::uint32_t uid) const;
  [[nodiscard]] const Permissions& permissions() const { return permissions_; }
  /// Gives up all tickets.
  void close() { waiting_.clear(); }

 private:
  struct Applicant {
    AgentRequest request;
    ContainerRecord record;
    ProcessIds who;
  };
  struct Waiting {
    Applicant applicant;
    RequestPeer peer;
    HeldTicket ticket;
    std::uint64_t number;
    std::optional<AgentTime> deadline;
    std::string reason;     ///< what is missing
    std::size_t place = 0;  ///< as it was told
  };

  Result<Applicant> examine(const AgentRequest& request, const RequestPeer& peer) const;
  Result<std::optional<AgentReply>> apply(Applicant applicant, RequestPeer& peer, Guests& guests,
                                          AgentTime now);
  Status join(Queue& queue, Applicant applicant, std::size_t pool, Error missing, RequestPeer& peer,
              AgentTime now);
  Result<AgentReply> let_in(const Applicant& applicant, std::size_t pool, RequestPeer& peer,
                            Books& books, Guests& guests);
  Status move_in(const CgroupPath& path, const Applicant& applicant, const RequestPeer& peer);
  static void tell_place(Waiting& waiting, std::size_t place);
  /// Nothing: it goes on waiting.
  std::optional<AgentReply> look(Waiting& waiting, Guests& guests, AgentTime now);
  AgentReply answered(Result<AgentReply> result, const AgentRequest& request,
                      const RequestPeer& peer) const;

  Session* session_ = nullptr;
  AgentLoop* loop_ = nullptr;
  AgentPart* part_ = nullptr;
  Permissions permissions_;
  std::vector<Waiting> waiting_;
  std::optional<AgentTime> next_look_;
};

}  // namespace weir
