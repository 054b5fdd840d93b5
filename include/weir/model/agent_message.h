// SPDX-License-Identifier: Apache-2.0
// What an ordinary user's weir and the agent say to each other over the agent's socket: one message
// each way, as text. Both sides read the other's as hostile input: bounded, typed, unknown keys
// ignored.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"
#include "weir/model/names.h"
#include "weir/model/record.h"
#include "weir/model/ticket.h"

namespace weir {

/// Neither side takes a longer one.
inline constexpr std::size_t longest_request = 8192, longest_reply = 60'000;

/// The agent's first word on a connection. Whoever speaks before it is not understood: only from
/// then on does the kernel say with each message who sent it.
inline constexpr std::string_view agent_greeting = "weir agent 1";

/// As `wait` of a request.
inline constexpr std::chrono::milliseconds wait_for_ever{std::int64_t{1} << 50};

struct AgentRequest {
  enum class What {
    run,      ///< make the sender a container
    await,    ///< answer once the container `asked.name` is gone
    list,     ///< the sender's containers
    release,  ///< as `weir release`
    queue,    ///< the sender's tickets
    cancel,   ///< as `weir queue cancel`
  };
  What what = What::run;
  std::string pool = {};  ///< run
  /// run: its name and what it asks for; the rest of it counts for nothing. Else: the name.
  ContainerRecord asked;
  bool leave = false;            ///< run: keep what the command leaves running
  bool die_with_parent = false;  ///< run: kill the container when the sender's parent ends
  bool kill = false;             ///< release
  std::optional<std::chrono::milliseconds> wait = {};  ///< run: for room, at most so long
  bool tell = false;         ///< run: send a PlaceNotice when it waits, and when its place changes
  std::uint64_t ticket = 0;  ///< cancel

  static Result<AgentRequest> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
};

/// One of the sender's containers.
struct ListedContainer {
  CgroupPath path = {};
  ContainerRecord record;
  bool frozen = false;
  std::int64_t pids = 0;
  Cores entitlement = {};
  std::optional<Cores> usage = {};
  Bytes memory = {};
};

/// One of the sender's tickets.
struct ListedTicket {
  QueueTicket ticket;
  std::size_t position = 0;
};

struct AgentReply {
  std::optional<Error> error = {};  ///< else it is done
  CgroupPath path = {};             ///< run, release: the container's
  bool killed = false;              ///< release
  std::vector<ListedContainer> containers = {};
  std::vector<ListedTicket> tickets = {};

  static Result<AgentReply> parse(std::string_view text);
  /// Containers and tickets that find no room are left out, from the end.
  [[nodiscard]] std::string str() const;
};

/// Comes before the reply, as a line each, to whoever asked to be told.
struct PlaceNotice {
  static constexpr std::string_view first_word = "weir-waits-1 ";

  std::size_t position = 0;  ///< in the queue of its pool, from 1
  std::string reason;        ///< what is missing

  static Result<PlaceNotice> parse(std::string_view line);
  /// With the end of the line.
  [[nodiscard]] std::string str() const;
};

}  // namespace weir
