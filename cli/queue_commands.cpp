// SPDX-License-Identifier: Apache-2.0
// queue, queue cancel.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/cgroup/identity.h"
#include "weir/runtime/agent_client.h"
#include "weir/runtime/audit.h"
#include "weir/runtime/queue.h"
#include "weir/runtime/status.h"

#include "commands.h"
#include "json.h"
#include "own_commands.h"
#include "report.h"
#include "table.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<std::vector<WaitingStatus>> read_queue(Session& session) {
  WEIR_TRY(auto lock, session.run_dir.lock_books());
  return waiting(session);
}

std::string asked_words(const ContainerRecord& record) {
  const auto cpu = record.cpu_reserved();
  const auto memory = record.memory_reserved();
  if (cpu.value == 0 && memory.value == 0) return "a place";
  if (memory.value == 0) return fmt::format("{} cores", to_text(cpu));
  if (cpu.value == 0) return to_text(memory);
  return fmt::format("{} cores, {}", to_text(cpu), to_text(memory));
}

void print_queue(const PoolTree& tree, const std::vector<WaitingStatus>& queue,
                 const Arguments& args) {
  Table table({{"TICKET"},
               {"POOL"},
               {"POSITION", Align::right},
               {"NAME"},
               {"WAITS FOR"},
               {"SECONDS", Align::right},
               {"PRIORITY", Align::right}});
  const auto now = wall_us();
  for (const auto& entry : queue) {
    const auto& record = entry.ticket.record;
    table.add({fmt::format("{}", entry.ticket.number), tree.pools[entry.pool].name().str(),
               fmt::format("{}", entry.position), record.name.str(), asked_words(record),
               fmt::format("{}", std::max<std::int64_t>(0, now - record.since_us) / 1'000'000),
               fmt::format("{}", record.priority)});
  }
  table.print(args);
}

Result<int> show_queue(const PoolTree& tree, std::vector<WaitingStatus> queue,
                       const Arguments& args) {
  if (args.pool) {
    WEIR_TRY(const auto only, find_pool(tree, *args.pool));
    std::erase_if(queue, [&](const WaitingStatus& entry) { return entry.pool != only; });
  }
  if (!args.json) {
    print_queue(tree, queue, args);
    return 0;
  }
  Json tickets = Json::array();
  for (const auto& entry : queue) tickets.push_back(ticket_json(tree, entry));
  print_json({{"queue", std::move(tickets)}});
  return 0;
}

Status cancel(const Arguments& args) {
  WEIR_TRY(const bool by_agent, asks_agent(args.options));
  if (by_agent) {
    AgentRequest request{.what = AgentRequest::What::cancel,
                         .asked = {.name = *ContainerName::parse("ticket")}};
    request.ticket = args.ticket;
    return ask_agent(args.options, request).map([](const AgentReply&) {});
  }
  WEIR_TRY(auto session, open_session(args.options));
  const auto done = [&]() -> Status {
    WEIR_TRY(auto lock, session.run_dir.lock_books());
    auto books = session.books();
    WEIR_TRY(auto queue, Queue::read(session.io, books, session.tree, session.run_dir));
    WEIR_CHECK(queue.cancel(args.ticket));
    return queue.call_next();
  };
  const auto number = fmt::format("{}", args.ticket);
  return audited(session.audit_log, {.what = "queue cancel", .container = number}, done());
}

}  // namespace

Result<int> queue_command(const Arguments& args) {
  WEIR_TRY(const bool by_agent, asks_agent(args.options));
  if (by_agent) {
    WEIR_TRY(const auto tree, configured_tree(args));
    WEIR_TRY(auto queue, queue_by_agent(args.options, tree));
    return show_queue(tree, std::move(queue), args);
  }
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(auto queue, read_queue(session));
  return show_queue(session.tree, std::move(queue), args);
}

Result<int> queue_cancel_command(const Arguments& args) {
  WEIR_CHECK(cancel(args));
  const auto number = fmt::format("{}", args.ticket);
  if (args.json)
    print_json({{"ticket", number}, {"cancelled", true}});
  else
    note(args, fmt::format("cancelled ticket {}", number));
  return 0;
}

}  // namespace weir::cli
