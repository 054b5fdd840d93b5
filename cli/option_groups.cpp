// SPDX-License-Identifier: Apache-2.0
#include "option_groups.h"

#include <CLI/CLI.hpp>

namespace weir::cli {

void add_live_commands(const CommandMaker& command, Arguments& args) {
  auto* metrics = command("metrics", "what pools and containers use, as OpenMetrics text",
                          "weir metrics | grep weir_pool_cpu_usage");
  metrics
      ->add_option("--format", args.word, "prometheus: the older text format; default: openmetrics")
      ->type_name("openmetrics|prometheus")
      ->check(CLI::IsMember({"openmetrics", "prometheus"}).description(""));
  command("top", "the full-screen view of pools and containers", "weir top");
  auto* rebalance = command("rebalance", "one round of dynamic allocation: limits, then moves",
                            "weir rebalance --dry-run");
  rebalance->add_flag("--dry-run", args.dry_run, "only say what would be done, and why");
}

void add_agent_command(const CommandMaker& command, Arguments& args) {
  auto* agent = command("agent", "take turns and serve ordinary users, until told to stop",
                        "weir agent --interval 5s");
  agent->add_option("--interval", args.agent.interval, "between two observations; default 2s")
      ->type_name("DURATION");
  agent->add_option("--metrics-file", args.agent.metrics_file, "writes metrics there after each")
      ->type_name("FILE");
}

void add_simulate_command(const CommandMaker& command, Arguments& args) {
  auto& simulate = args.simulate;
  auto* sub = command("simulate", "what each policy would have made of a trace of jobs",
                      "weir simulate jobs.csv --policy fair,fifo --cpus 8 -o jobs.html");
  sub->add_option("TRACE", simulate.trace, "jobs or demand: .csv, .jsonl, .swf, also .gz")
      ->required()
      ->type_name("FILE");
  sub->add_option("--policy", simulate.policies, "side by side; default: all a pool can have")
      ->type_name("POLICY,…");
  sub->add_option("--cpus", simulate.cpus, "default: what this host has")->type_name("CORES");
  sub->add_option("--memory", simulate.memory, "default: the same")->type_name("SIZE");
  sub->add_option("--slice", simulate.slice, "of round-robin; default: the pool's, else 1s")
      ->type_name("DURATION");
  sub->add_flag("--jobs", simulate.jobs, "also when each job ended");
  sub->add_option("-o", simulate.page, "draws the curves into one page")->type_name("FILE");
}

}  // namespace weir::cli
