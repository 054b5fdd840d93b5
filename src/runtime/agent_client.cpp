// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/agent_client.h"

#include <algorithm>
#include <cerrno>

#include "weir/cgroup/agent_connection.h"
#include "weir/cgroup/identity.h"
#include "weir/cgroup/signals.h"

#include "agent_paths.h"
#include "new_record.h"

namespace weir {
namespace {

AgentRequest request_for(const RunRequest& request) {
  auto name = request.name ? *request.name : *ContainerName::parse(default_name());
  AgentRequest out{.asked = asked_record(request, std::move(name))};
  out.pool = request.pool;
  out.leave = request.leave;
  out.die_with_parent = request.command.die_with_parent;
  if (request.wait) out.wait = request.wait->value_or(wait_for_ever);
  out.tell = request.tell_place != nullptr;
  return out;
}

Result<AgentReply> understand(const std::string& text) {
  if (text.empty()) return fail(Errc::failed, "the agent went away without an answer");
  WEIR_TRY(auto reply, AgentReply::parse(text));
  if (reply.error) return tl::unexpected(std::move(*reply.error));
  return reply;
}

Result<AgentReply> fail_interrupted() {
  return fail(Errc::no_capacity, "the wait was ended by a signal");
}

RunOutcome not_started(Error error) {
  const bool missing = error.sys == ENOENT && error.code == Errc::not_found;
  return RunOutcome{missing ? command_not_found : command_not_executable, std::move(error),
                    std::nullopt};
}

/// The command has ended; its container is the agent's to clear away.
Status await_end(const Options& options, ContainerName name) {
  AgentRequest request{.what = AgentRequest::What::await, .asked = {.name = std::move(name)}};
  auto done = ask_agent(options, request);
  if (!done) return tl::unexpected(std::move(done).error().with("clear the container away"));
  return {};
}

}  // namespace

Result<bool> asks_agent(const Options& options) {
  if (self().uid == 0 || options.cgroup_root) return false;
  WEIR_TRY(const auto connection, AgentConnection::open(agent_socket(options), agent_greeting));
  return connection.has_value();
}

Result<AgentReply> ask_agent(const Options& options, const AgentRequest& request) {
  WEIR_TRY(auto connection, AgentConnection::open(agent_socket(options), agent_greeting));
  if (!connection)
    return fail(Errc::unsupported, "no agent runs", "`weir agent` serves ordinary users");
  WEIR_TRY(const auto text, connection->ask(request.str(), longest_reply));
  return understand(text);
}

Result<RunOutcome> run_by_agent(const Options& options, RunRequest request) {
  if (request.command.user)
    return fail(Errc::denied, "--user: only root may run commands as another user");
  WEIR_TRY(auto relay, SignalRelay::start());
  request.command.signal_mask = relay.previous_mask();
  const auto asked = request_for(request);
  const Question question{agent_socket(options), std::string{agent_greeting}, asked.str(),
                          std::string{PlaceNotice::first_word}, longest_reply};
  UniqueFd answer;
  WEIR_TRY(auto child, spawn_asking(question, request.command, answer));
  std::size_t place = 0;
  const auto tell = [&](std::size_t now, const std::string& reason) {
    if (request.tell_place && now != place) request.tell_place(now, reason);
    place = now;
  };
  const AnswerReader reader{relay.descriptor(), [&] { return relay.asked_to_end(); },
                            [&](std::string_view line) {
                              const auto notice = PlaceNotice::parse(line);
                              if (notice) tell(notice->position, notice->reason);
                            }};
  const auto text = read_answer(answer, question, reader);
  tell(0, "");
  const auto reply = text ? understand(*text) : fail_interrupted();
  if (!reply) {
    give_up(child);
    return tl::unexpected(reply.error());
  }
  relay.relay_early(child.pidfd);
  RunOutcome outcome;
  if (auto error = let_execute(child, request.command)) {
    ignore(reap(child), "it exited with what let_execute reported");
    outcome = not_started(std::move(*error));
  } else {
    WEIR_CHECK(relay.relay_until_exit(child.pidfd));
    WEIR_TRY(outcome.status, reap(child));
  }
  if (request.leave) return outcome;
  auto cleared = await_end(options, asked.asked.name);
  if (!cleared) outcome.cleanup = std::move(cleared).error();
  return outcome;
}

Result<std::vector<WaitingStatus>> queue_by_agent(const Options& options, const PoolTree& tree) {
  AgentRequest request{.what = AgentRequest::What::queue,
                       .asked = {.name = *ContainerName::parse("all")}};
  WEIR_TRY(auto reply, ask_agent(options, request));
  std::vector<WaitingStatus> out;
  for (auto& entry : reply.tickets) {
    const auto pool = tree.find(entry.ticket.pool.str());
    if (!pool) continue;  // the agent has another configuration
    out.push_back({std::move(entry.ticket), *pool, entry.position});
  }
  return out;
}

Result<HostStatus> status_by_agent(const Options& options, const PoolTree& tree) {
  AgentRequest request{.what = AgentRequest::What::list,
                       .asked = {.name = *ContainerName::parse("all")}};
  WEIR_TRY(auto reply, ask_agent(options, request));
  HostStatus out;
  out.capacity = tree.capacity;
  for (auto& entry : reply.containers) {
    const auto pool = std::ranges::find(tree.pools, entry.path.parent(), &Pool::path);
    if (pool == tree.pools.end()) continue;  // the agent has another configuration
    const auto index = static_cast<std::size_t>(pool - tree.pools.begin());
    out.containers.push_back({.member = {std::move(entry.record), entry.path, index},
                              .frozen = entry.frozen,
                              .pids = entry.pids,
                              .cpu_entitlement = entry.entitlement,
                              .cpu = {entry.usage, std::nullopt},
                              .memory_usage = entry.memory});
  }
  return out;
}

}  // namespace weir
