// SPDX-License-Identifier: Apache-2.0
// Flags, help and examples of every command.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

#include "arguments.h"
#include "command_tree.h"
#include "dashes.h"
#include "describe.h"
#include "hook_options.h"
#include "option_groups.h"
#include "queue_options.h"
#include "report.h"
#include "wrong_usage.h"

namespace weir::cli {
namespace {

class App {
 public:
  /// With the commands among `words`, or all where there is none: setting up what is not asked for
  /// costs a short command more than its work.
  explicit App(std::span<const std::string_view> words = {}) {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.set_version_flag("--version", "weir " WEIR_VERSION);
    app_.get_formatter()->column_width(34);
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    add_globals();
    const auto asked_for = [&](const Group& group) {
      return std::ranges::find_first_of(group.names, words) != group.names.end();
    };
    complete_ = std::ranges::none_of(groups(), asked_for);
    for (const auto& group : groups())
      if (complete_ || asked_for(group)) (this->*group.add)();
  }
  CommandNode describe() { return cli::describe(app_); }

  Parsed parse(int argc, const char* const* argv) {
    auto split = split_at_dashes(argc, argv);
    std::reverse(split.ours.begin(), split.ours.end());  // CLI11 takes a stack
    try {
      app_.parse(std::move(split.ours));
    } catch (const CLI::ParseError& error) {
      // The commands that were left out may be what is meant, or what to suggest.
      if (!complete_ && error.get_exit_code() != 0) return App().parse(argc, argv);
      return {std::move(args_), finish_early(error)};
    }
    args_.config_given = args_.config_given || config_->count() > 0;
    if (!take_command(split)) return {std::move(args_), 2};
    return {std::move(args_), std::nullopt};
  }

 private:
  struct Group {
    std::vector<std::string_view> names;
    void (App::*add)();
  };

  /// In the order of the help.
  static const std::vector<Group>& groups() {
    static const std::vector<Group> all{
        {{"init", "host", "check", "doctor"}, &App::add_host_commands},
        {{"plan", "apply", "verify", "teardown"}, &App::add_apply_commands},
        {{"pool"}, &App::add_pool_commands},
        {{"ps", "status", "queue"}, &App::add_lists},
        {{"place", "move", "release", "explain"}, &App::add_container_commands},
        {{"metrics", "top", "rebalance"}, &App::add_live},
        {{"hook"}, &App::add_hook},
        {{"run"}, &App::add_run},
        {{"agent"}, &App::add_agent},
        {{"simulate"}, &App::add_simulate},
        {{"completion", "__complete"}, &App::add_shell_commands},
    };
    return all;
  }

  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what,
                    const std::string& example) {
    auto* sub = parent.add_subcommand(name, what);
    sub->footer("Example:\n  " + example);
    const auto full = &parent == &app_ ? name : parent.get_name() + " " + name;
    sub->callback([this, full] { args_.command = full; });
    return sub;
  }

  void add_globals() {
    if (const char* path = std::getenv("WEIR_CONFIG"); path && *path) {
      args_.options.config = path;
      args_.config_given = true;
    }
    config_ = app_.add_option("--config", args_.options.config, "the configuration ($WEIR_CONFIG)");
    config_->type_name("FILE");
    app_.add_option("--cgroup-root", args_.options.cgroup_root,
                    "the cgroup2 directory to work in; default: where it is mounted")
        ->type_name("DIR");
    app_.add_option("--run-dir", args_.options.run_dir, "locks and claims")->type_name("DIR");
    app_.add_flag("--json", args_.json, "one JSON document on stdout");
    app_.add_flag("--quiet", args_.quiet, "only errors on stderr");
    app_.add_option("--color", args_.color, "when to colour; default: on a terminal")
        ->transform(CLI::CheckedTransformer(std::map<std::string, Color>{{"auto", Color::automatic},
                                                                         {"always", Color::always},
                                                                         {"never", Color::never}})
                        .description(""))
        ->type_name("auto|always|never");
  }

  void add_host_commands() {
    command(app_, "init", "write a commented example weir.toml for this host",
            "weir --config ./weir.toml init");
    command(app_, "host", "what this host has and what pools may share", "weir host --json");
    auto* check = command(app_, "check", "validate the configuration and nothing else",
                          "weir check ./weir.toml");
    check->add_option("FILE", args_.file, "default: as --config")->type_name("FILE");
    command(app_, "doctor", "what stands in the way, each with its remedy", "weir doctor");
  }

  void add_apply_commands() {
    auto* plan = command(app_, "plan", "what apply would write, in order", "weir plan --exit-code");
    plan->add_flag("--exit-code", args_.exit_code, "exit 10 when anything would change");
    auto* apply = command(app_, "apply", "make the kernel match weir.toml", "weir apply");
    apply
        ->add_option("--evict", args_.evict,
                     "where containers in pools that left the file go; kill: they are ended")
        ->type_name("POOL|kill");
    auto* verify =
        command(app_, "verify", "show drift between file and kernel", "weir verify --repair");
    verify->add_flag("--repair", args_.repair, "write the wanted values again");
    auto* teardown =
        command(app_, "teardown", "remove every pool from the kernel", "weir teardown --kill");
    teardown->add_flag("--kill", args_.kill, "end containers that still run");
  }

  void add_pool_commands() {
    auto* pool = app_.add_subcommand("pool", "the pools");
    pool->require_subcommand(1);
    pool->fallthrough();
    command(*pool, "list", "all pools", "weir pool list");
    auto* show = command(*pool, "show", "one pool in full", "weir pool show web");
    show->add_option("NAME", args_.pool, "the pool")->required()->type_name("POOL");
    auto* create = command(*pool, "create", "write weir.d/NAME.toml and apply it",
                           "weir pool create nightly parent=team memory.limit=2GiB");
    create->add_option("NAME", args_.pool, "the pool")->required()->type_name("");
    create->add_option("KEY=VALUE", args_.settings, "dotted keys of weir.toml")->type_name("");
    auto* set = command(*pool, "set", "change keys of a pool that `pool create` made, and apply",
                        "weir pool set nightly memory.limit=4GiB shares=50");
    set->add_option("NAME", args_.pool, "the pool")->required()->type_name("POOL");
    set->add_option("KEY=VALUE", args_.settings, "dotted keys; an empty value removes the key")
        ->required()
        ->type_name("");
    auto* remove = command(*pool, "remove", "remove a pool from weir.d and from the kernel",
                           "weir pool remove nightly --kill");
    remove->add_option("NAME", args_.pool, "the pool")->required()->type_name("POOL");
    remove->add_flag("--kill", args_.kill, "end its containers first");
    remove->add_option("--move-to", args_.to, "move them there first")->type_name("POOL");
    auto* path = command(*pool, "path", "a pool's cgroup, for --cgroup-parent of a runtime",
                         "cat /sys/fs/cgroup/\"$(weir pool path ci)\"/memory.current");
    path->add_option("NAME", args_.pool, "the pool")->required()->type_name("POOL");
  }

  void add_shell_commands() {
    auto* completion = command(app_, "completion", "the script that completes weir in a shell",
                               "weir completion bash >/etc/bash_completion.d/weir");
    completion->add_option("SHELL", args_.word, "which shell")
        ->required()
        ->type_name("bash|zsh|fish");
    auto* names =
        command(app_, "__complete", "names for a shell to offer", "weir __complete pools");
    names->group("");  // hidden
    names->add_option("WHAT", args_.word, "")->required()->type_name("pools|containers");
  }

  void add_lists() {
    auto* ps = command(app_, "ps", "the containers", "weir ps --pool ci");
    ps->add_option("--pool", args_.pool, "only of this pool")->type_name("POOL");
    auto* status = command(app_, "status", "pools and containers: entitled, used", "weir status");
    status->add_flag("--watch", args_.watch, "again every two seconds");
    add_queue_commands(app_, args_);
  }

  void add_container_commands() {
    auto* place = command(app_, "place", "take running processes into a pool as one container",
                          "weir place --pool batch --name dump 4711");
    place->add_option("--pool", args_.pool, "the pool")->required()->type_name("POOL");
    place->add_option("--name", args_.name, "the container's name")->required()->type_name("NAME");
    place->add_flag("--force", args_.force, "also processes of a service or another manager");
    place->add_option("PID", args_.pids, "process ids; their descendants come along")
        ->required()
        ->type_name("");
    auto* move = command(app_, "move", "move a container to another pool as a whole",
                         "weir move build7 --to batch");
    move->add_option("NAME", args_.name, "the container")->required()->type_name("CONTAINER");
    move->add_option("--to", args_.to, "the pool")->required()->type_name("POOL");
    move->add_flag("--dry-run", args_.dry_run, "only say what would move, and stay behind");
    move->add_flag("--force", args_.force, "also where a pool has no room for it");
    auto* release = command(app_, "release", "give up a container's allocation and its cgroup",
                            "weir release build7 --kill");
    release->add_option("NAME", args_.name, "the container")->required()->type_name("CONTAINER");
    release->add_flag("--kill", args_.kill, "end its processes first");
    auto* explain =
        command(app_, "explain", "why a pool or container gets what it gets", "weir explain web");
    explain->add_option("NAME", args_.name, "pool or container; pool:x and ctr:x say which")
        ->required()
        ->type_name("POOL|CONTAINER");
  }

  CommandMaker maker() {
    return [this](auto&&... texts) { return command(app_, texts...); };
  }

  void add_live() { add_live_commands(maker(), args_); }
  void add_agent() { add_agent_command(maker(), args_); }

  void add_simulate() { add_simulate_command(maker(), args_); }
  void add_hook() { add_hook_commands(app_, args_); }

  void add_run() {
    auto& run = args_.run;
    auto* sub = command(app_, "run", "start a command as a container in a pool",
                        "weir run --pool ci --memory 256MiB --cpus 1 -- gzip -9 access.log");
    sub->prefix_command();
    run_ = sub;
    sub->add_option("--pool", run.pool, "the pool")->required()->type_name("POOL");
    sub->add_option("--name", run.name, "default: run-PID-XXXX")->type_name("NAME");
    sub->add_option("--user", run.user, "become this user inside")->type_name("USER[:GROUP]");
    sub->add_option("--chdir", run.chdir, "working directory")->type_name("DIR");
    sub->add_option("--cpus", run.cpus, "CPU limit in cores")->type_name("CORES");
    sub->add_option("--cpu-request", run.cpu_request, "CPU it reserves; default: its limit")
        ->type_name("CORES");
    sub->add_option("--memory", run.memory, "memory limit")->type_name("SIZE");
    sub->add_option("--memory-request", run.memory_request,
                    "memory it reserves; default: its limit")
        ->type_name("SIZE");
    sub->add_option("--swap", run.swap, "swap limit; default: the pool's, else 0")
        ->type_name("SIZE");
    sub->add_option("--priority", run.priority, "larger goes first; default 0")
        ->type_name("N")
        ->check(CLI::Range(-1'000'000'000, 1'000'000'000));
    sub->add_option("--value", run.value, "what it is worth (policy throughput)")->type_name("V");
    sub->add_option("--work", run.work, "mean CPU time (policy latency)")->type_name("DURATION");
    sub->add_option("--seccomp", run.seccomp, "system call filter; default: the pool's")
        ->type_name("none|default|strict|FILE");
    sub->add_flag("--wait{forever}", run.wait, "wait for room")->type_name("[=DURATION]");
    sub->add_flag("--leave", run.leave, "keep what the command leaves running");
    sub->add_flag("--die-with-parent", run.die_with_parent,
                  "kill the container when weir is killed");
    sub->add_option("--refused-status", run.refused_status,
                    "exit status for no-capacity; default 125")
        ->type_name("N")
        ->check(CLI::Range(0, 255).description(""));
  }

  int finish_early(const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app_.exit(error);
    const auto* sub = app_.get_subcommands().empty() ? nullptr : app_.get_subcommands().front();
    const auto reason = reason_of(error, app_);
    Error shown;
    shown.code = Errc::usage;
    shown.message = sub ? sub->get_name() + ": " + reason : reason;
    shown.hint = fmt::format("weir {}--help", sub ? sub->get_name() + " " : "");
    return report_error(shown, args_);
  }

  bool take_command(Split& split) {
    if (args_.command != "run") {
      if (!split.dashes) return true;
      return complain_of_run("only `run` takes a command behind --", args_);
    }
    args_.run.command = split.dashes ? std::move(split.theirs) : run_->remaining();
    if (split.dashes && !run_->remaining().empty())
      return complain_of_run(
          fmt::format("run: unexpected '{}' in front of --", run_->remaining().front()), args_);
    if (args_.run.command.empty() || args_.run.command.front().empty())
      return complain_of_run("run: no command given", args_);
    return true;
  }

  Arguments args_;
  CLI::App app_{"Resource pools for containers on one Linux host, on cgroup v2.", "weir"};
  CLI::App* run_ = nullptr;
  CLI::Option* config_ = nullptr;
  bool complete_ = true;
};

}  // namespace

Parsed parse_arguments(int argc, const char* const* argv) {
  const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  return App(words).parse(argc, argv);
}

CommandNode describe_commands() { return App().describe(); }

}  // namespace weir::cli
