// SPDX-License-Identifier: Apache-2.0
#include "hook_options.h"

#include <string>

#include <CLI/CLI.hpp>

namespace weir::cli {
namespace {

CLI::App* add_one(CLI::App& hook, Arguments& args, const std::string& name, const std::string& what,
                  const std::string& example) {
  auto* sub = hook.add_subcommand(name, what);
  sub->footer("Example:\n  " + example);
  sub->callback([&args, name] { args.command = "hook " + name; });
  return sub;
}

void add_target(CLI::App& sub, Arguments& args) {
  sub.add_option("RUNTIME", args.word, "podman")->required()->type_name("podman");
  sub.add_option("--dir", args.folder, "default: /usr/share/containers/oci/hooks.d")
      ->type_name("DIR");
}

}  // namespace

void add_hook_commands(CLI::App& parent, Arguments& args) {
  auto* hook =
      parent.add_subcommand("hook", "what container runtimes call, and how they come to it");
  hook->require_subcommand(1);
  hook->fallthrough();
  add_one(*hook, args, "precreate", "a container's configuration from stdin, rewritten to stdout",
          "weir hook precreate <config.json");
  for (const auto* stage : {"prestart", "createRuntime", "poststart", "poststop"})
    add_one(*hook, args, stage, "a stage of an OCI hook, with the container's state on stdin",
            std::string{"weir hook "} + stage + " <state.json");
  auto* install = add_one(*hook, args, "install", "write the files by which podman calls weir-hook",
                          "weir hook install podman");
  add_target(*install, args);
  install->add_flag("--second-line", args.second_line,
                    "also refuse what came around the first hook");
  add_target(*add_one(*hook, args, "uninstall", "remove them", "weir hook uninstall podman"), args);
}

}  // namespace weir::cli
