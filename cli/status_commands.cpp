// SPDX-License-Identifier: Apache-2.0
// pool list, show, path; ps; status.
#include <chrono>
#include <fmt/format.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "weir/base/text.h"
#include "weir/runtime/agent_client.h"
#include "weir/runtime/status.h"

#include "commands.h"
#include "json.h"
#include "own_commands.h"
#include "report.h"
#include "table.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::chrono::milliseconds sample{200};
constexpr std::chrono::seconds watch_interval{2};

std::string cores(const std::optional<Cores>& value) {
  return value ? fmt::format("{:.2f}", as_double(*value)) : "-";
}
std::string bytes(const std::optional<Bytes>& value) { return value ? to_text(*value) : "-"; }
std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}%", *value) : "-";
}

std::string borrowed_words(const PoolTree& tree, const PoolAccount& account) {
  const Cores cpu{account.borrowed[Resource::cpu]};
  const Bytes memory{account.borrowed[Resource::memory]};
  if (cpu.value == 0 && memory.value == 0) return "-";
  std::vector<std::string> parts;
  if (cpu.value > 0) parts.push_back(fmt::format("{} cores", to_text(cpu)));
  if (memory.value > 0) parts.push_back(to_text(memory));
  return fmt::format("{} from {}", join_words(parts),
                     account.lender ? tree.pools[*account.lender].name().str() : "the host");
}

std::size_t depth_of(const PoolTree& tree, std::size_t pool) { return tree.chain(pool).size() - 1; }

void print_pools(const PoolTree& tree, const HostStatus& status, const Arguments& args) {
  Table table({{"POOL"},
               {"POLICY"},
               {"CPU RESERVED", Align::right},
               {"LIMIT", Align::right},
               {"FREE", Align::right},
               {"ENTITLED", Align::right},
               {"USED", Align::right},
               {"PRESSURE", Align::right},
               {"MEM RESERVED", Align::right},
               {"LIMIT", Align::right},
               {"FREE", Align::right},
               {"USED", Align::right},
               {"TASKS", Align::right},
               {"CONTAINERS", Align::right},
               {"BORROWED"}});
  for (const auto& entry : status.pools) {
    const auto& pool = tree.pools[entry.pool];
    table.add({std::string(2 * depth_of(tree, entry.pool), ' ') + pool.name().str(),
               std::string{to_text(pool.spec.policy.value)}, cores(pool.cpu.reservation),
               cores(pool.cpu.limit), cores(Cores{entry.account.free[Resource::cpu]}),
               cores(entry.cpu_entitlement), cores(entry.cpu.usage), percent(entry.cpu.pressure),
               bytes(pool.memory.reservation), bytes(pool.memory.limit),
               bytes(Bytes{entry.account.free[Resource::memory]}), bytes(entry.memory.usage),
               fmt::format("{}", entry.pids),
               entry.applied ? fmt::format("{}", entry.containers) : "not applied",
               borrowed_words(tree, entry.account)});
  }
  table.print(args);
}

void print_containers(const PoolTree& tree, const HostStatus& status, const Arguments& args) {
  Table table({{"CONTAINER"},
               {"POOL"},
               {"STATE"},
               {"TASKS", Align::right},
               {"CPU LIMIT", Align::right},
               {"ENTITLED", Align::right},
               {"USED", Align::right},
               {"MEM LIMIT", Align::right},
               {"USED", Align::right},
               {"UID", Align::right}});
  for (const auto& entry : status.containers) {
    const auto& record = entry.member.record;
    table.add({record.name.str(), tree.pools[entry.member.pool].name().str(),
               entry.frozen ? "frozen" : "running", fmt::format("{}", entry.pids),
               cores(record.cpu_limit), cores(entry.cpu_entitlement), cores(entry.cpu.usage),
               bytes(record.memory_limit), bytes(entry.memory_usage),
               fmt::format("{}", record.owner_uid)});
  }
  for (const auto& entry : status.queue) {
    const auto& record = entry.ticket.record;
    table.add({record.name.str(), tree.pools[entry.pool].name().str(), "queued", "-",
               cores(record.cpu_limit), "-", "-", bytes(record.memory_limit), "-",
               fmt::format("{}", record.owner_uid)});
  }
  table.print(args);
}

void print_status(const PoolTree& tree, const HostStatus& status, const Arguments& args) {
  fmt::print("for pools: {} cores, {}; reserved: {} cores, {}\n\n", to_text(status.capacity.cpu),
             to_text(status.capacity.memory), to_text(status.cpu_reserved),
             to_text(status.memory_reserved));
  print_pools(tree, status, args);
  if (status.containers.empty() && status.queue.empty()) return;
  fmt::print("\n");
  print_containers(tree, status, args);
}

Result<int> print_one_status(Session& session, const Arguments& args) {
  WEIR_TRY(const auto now, reclaimed_status(session, sample));
  if (args.json)
    print_json(status_json(session.tree, now));
  else
    print_status(session.tree, now, args);
  return 0;
}

}  // namespace

Result<int> pool_list_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto now, reclaimed_status(session, sample));
  if (!args.json) {
    print_pools(session.tree, now, args);
    return 0;
  }
  Json pools = Json::array();
  for (const auto& pool : now.pools) pools.push_back(pool_json(session.tree, pool));
  print_json({{"pools", std::move(pools)}});
  return 0;
}

Result<int> pool_show_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  WEIR_TRY(const auto index, find_pool(session.tree, *args.pool));
  WEIR_TRY(const auto now, reclaimed_status(session, sample));
  const auto document = pool_json(session.tree, now.pools[index]);
  if (args.json) {
    print_json(document);
    return 0;
  }
  for (const auto& [key, value] : document.items()) {
    if (!value.is_object())
      fmt::print("{:<12} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    if (value.is_object())
      for (const auto& [inner, number] : value.items())
        fmt::print("{:<12} {:<18} {}\n", key, inner, number.is_null() ? "-" : number.dump());
  }
  return 0;
}

Result<int> pool_path_command(const Arguments& args) {
  WEIR_TRY(const auto loaded, load(args.options));
  if (!loaded.tree) {
    WEIR_TRY(const auto session, open_session(args.options));  // says what is wrong
    static_cast<void>(session);
  }
  WEIR_TRY(const auto index, find_pool(*loaded.tree, *args.pool));
  const auto& path = loaded.tree->pools[index].path.str();
  if (args.json)
    print_json({{"name", *args.pool}, {"path", path}});
  else
    fmt::print("/{}\n", path);
  return 0;
}

Result<int> ps_command(const Arguments& args) {
  WEIR_TRY(const bool by_agent, asks_agent(args.options));
  if (by_agent) return own_ps_command(args);
  WEIR_TRY(auto session, open_session(args.options));
  std::optional<std::size_t> only;
  if (args.pool) {
    WEIR_TRY(only, find_pool(session.tree, *args.pool));
  }
  WEIR_TRY(auto now, reclaimed_status(session, sample));
  const auto elsewhere = [&](std::size_t pool) {
    if (!only) return false;
    const auto chain = session.tree.chain(pool);
    return std::find(chain.begin(), chain.end(), *only) == chain.end();
  };
  std::erase_if(now.containers, [&](const auto& entry) { return elsewhere(entry.member.pool); });
  std::erase_if(now.queue, [&](const auto& entry) { return elsewhere(entry.pool); });
  if (!args.json) {
    print_containers(session.tree, now, args);
    return 0;
  }
  Json containers = Json::array();
  for (const auto& entry : now.containers)
    containers.push_back(container_json(session.tree, entry));
  for (const auto& entry : now.queue) containers.push_back(queued_json(session.tree, entry));
  print_json({{"containers", std::move(containers)}});
  return 0;
}

Result<int> status_command(const Arguments& args) {
  WEIR_TRY(const bool by_agent, asks_agent(args.options));
  if (by_agent && !args.watch) return own_status_command(args);
  WEIR_TRY(auto session, open_session(args.options));
  if (!args.watch) return print_one_status(session, args);
  for (;;) {
    if (use_color(args) && !args.json) fmt::print("\x1b[H\x1b[2J");
    WEIR_TRY(const int done, print_one_status(session, args));
    // A reader that went away ends the watch.
    if (std::fflush(stdout) != 0) return done;
    std::this_thread::sleep_for(watch_interval);
  }
}

}  // namespace weir::cli
