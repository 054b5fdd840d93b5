// SPDX-License-Identifier: Apache-2.0
// What the agent does for who asks.
#include <fmt/format.h>

#include "weir/cgroup/clear.h"
#include "weir/runtime/containers.h"
#include "weir/runtime/status.h"

#include "agent/requests_part.h"
#include "record_io.h"

namespace weir {
namespace {

AgentReply reply_of(Result<AgentReply> result) {
  if (result) return std::move(*result);
  AgentReply reply;
  reply.error = std::move(result).error();
  return reply;
}

tl::unexpected<Error> too_many_wait(const ContainerName& name) {
  return fail(Errc::conflict,
              fmt::format("too many wait for the end of container '{}' already", name.str()));
}

}  // namespace

std::optional<AgentReply> RequestsPart::answer(const AgentRequest& request, RequestPeer& peer,
                                               AgentTime now) {
  switch (request.what) {
    case AgentRequest::What::run:
      return entrance_.ask(request, peer, guests_, now);
    case AgentRequest::What::list:
      return reply_of(list(peer));
    case AgentRequest::What::queue:
      return reply_of(list_tickets(peer));
    case AgentRequest::What::cancel:
      return reply_of(cancel(request, peer));
    case AgentRequest::What::await:
      return await(request, peer);
    case AgentRequest::What::release: {
      auto done = release(request, peer, now);
      if (!done) return reply_of(pass(std::move(done)));
      return std::move(*done);
    }
  }
  return AgentReply{};
}

Result<AgentReply> RequestsPart::list_tickets(const RequestPeer& peer) {
  WEIR_TRY(const auto who, peer.identify());
  WEIR_CHECK(entrance_.permissions().check_known(who));
  AgentReply reply;
  WEIR_TRY(reply.tickets, entrance_.tickets_of(peer.uid()));
  return reply;
}

Result<AgentReply> RequestsPart::cancel(const AgentRequest& request, const RequestPeer& peer) {
  WEIR_TRY(const auto who, peer.identify());
  WEIR_CHECK(entrance_.permissions().check_known(who));
  WEIR_CHECK(entrance_.cancel(request.ticket, peer.uid()));
  return AgentReply{};
}

Result<AgentReply> RequestsPart::list(const RequestPeer& peer) {
  WEIR_TRY(const auto who, peer.identify());
  WEIR_CHECK(entrance_.permissions().check_known(who));
  WEIR_TRY(const auto all, status(*session_, std::chrono::milliseconds{0}));
  AgentReply reply;
  for (const auto& entry : all.containers) {
    if (entry.member.record.owner_uid != peer.uid()) continue;
    reply.containers.push_back({entry.member.path, entry.member.record, entry.frozen, entry.pids,
                                entry.cpu_entitlement, entry.cpu.usage, entry.memory_usage});
  }
  return reply;
}

/// A container that is nobody's here any more is gone, or was left running on purpose.
std::optional<AgentReply> RequestsPart::await(const AgentRequest& request, RequestPeer& peer) {
  auto* guest = guests_.find(request.asked.name);
  if (!guest || guest->record.owner_uid != peer.uid()) return AgentReply{};
  if (guest->waiting.size() >= most_waiting) return reply_of(too_many_wait(guest->record.name));
  guest->waiting.push_back(std::move(peer));
  return std::nullopt;
}

Result<std::optional<AgentReply>> RequestsPart::release(const AgentRequest& request,
                                                        RequestPeer& peer, AgentTime now) {
  WEIR_TRY(const auto who, peer.identify());
  WEIR_CHECK(entrance_.permissions().check_known(who));
  auto& session = *session_;
  const auto& name = request.asked.name;
  const auto path = find_container(session.io, session.tree, name);
  const auto record = path ? read_record(session.io, *path).value_or(std::nullopt) : std::nullopt;
  if (!record)
    return fail(Errc::not_found, fmt::format("no container '{}'", name.str()),
                "`weir ps` shows the containers");
  if (record->owner_uid != peer.uid())
    return fail(Errc::denied, fmt::format("container '{}' is not yours", name.str()));
  WEIR_TRY(const bool empty, wait_unpopulated(session.io, *path, std::chrono::milliseconds{0}));
  if (!empty && !request.kill)
    return fail(Errc::conflict, fmt::format("container '{}' still has processes", name.str()),
                fmt::format("end them, or `weir release {} --kill`", name.str()));
  const auto* guest = guests_.find(name);
  if (guest && guest->waiting.size() >= most_waiting) return too_many_wait(name);
  guests_.kill(*record, std::move(peer), now);
  return std::optional<AgentReply>{};
}

}  // namespace weir
