// SPDX-License-Identifier: Apache-2.0
// ps and status of an ordinary user, who sees his own containers and tickets: the agent tells.
#include "own_commands.h"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/agent_client.h"

#include "json.h"
#include "table.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Own {
  PoolTree tree;
  HostStatus status;
};

Result<Own> look(const Arguments& args) {
  WEIR_TRY(auto tree, configured_tree(args));
  WEIR_TRY(auto status, status_by_agent(args.options, tree));
  return Own{std::move(tree), std::move(status)};
}

void print_table(const Own& own, const Arguments& args) {
  Table table({{"CONTAINER"},
               {"POOL"},
               {"STATE"},
               {"TASKS", Align::right},
               {"CPU LIMIT", Align::right},
               {"MEM LIMIT", Align::right},
               {"USED", Align::right}});
  for (const auto& entry : own.status.containers) {
    const auto& record = entry.member.record;
    table.add({record.name.str(), own.tree.pools[entry.member.pool].name().str(),
               entry.frozen ? "frozen" : "running", fmt::format("{}", entry.pids),
               record.cpu_limit ? to_text(*record.cpu_limit) : "-",
               record.memory_limit ? to_text(*record.memory_limit) : "-",
               to_text(entry.memory_usage)});
  }
  table.print(args);
}

Json containers_json(const Own& own) {
  Json containers = Json::array();
  for (const auto& entry : own.status.containers)
    containers.push_back(container_json(own.tree, entry));
  return containers;
}

}  // namespace

Result<PoolTree> configured_tree(const Arguments& args) {
  WEIR_TRY(auto loaded, load(args.options));
  if (!loaded.tree)
    return fail(Errc::config, fmt::format("{}: has mistakes", args.options.config),
                "`weir check` shows them");
  return std::move(*loaded.tree);
}

Result<int> own_ps_command(const Arguments& args) {
  WEIR_TRY(auto own, look(args));
  if (args.pool) {
    WEIR_TRY(const auto only, find_pool(own.tree, *args.pool));
    std::erase_if(own.status.containers, [&](const ContainerStatus& entry) {
      const auto chain = own.tree.chain(entry.member.pool);
      return std::find(chain.begin(), chain.end(), only) == chain.end();
    });
  }
  if (args.json)
    print_json({{"containers", containers_json(own)}});
  else
    print_table(own, args);
  return 0;
}

Result<int> own_status_command(const Arguments& args) {
  WEIR_TRY(const auto own, look(args));
  if (!args.json) {
    print_table(own, args);
    return 0;
  }
  Json queue = Json::array();
  WEIR_TRY(const auto tickets, queue_by_agent(args.options, own.tree));
  for (const auto& entry : tickets) queue.push_back(ticket_json(own.tree, entry));
  // What others have is not theirs to see.
  print_json({{"host", Json::object()},
              {"pools", Json::array()},
              {"containers", containers_json(own)},
              {"queue", std::move(queue)}});
  return 0;
}

}  // namespace weir::cli
