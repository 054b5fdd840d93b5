// SPDX-License-Identifier: Apache-2.0
#include "describe.h"

#include <CLI/CLI.hpp>

namespace weir::cli {
namespace {

/// What of an option's type is its own: validators put their descriptions behind it.
std::string value_name(CLI::Option& option) {
  auto name = option.get_type_name();
  for (int i = 0;; ++i) {
    try {
      const auto said = ":" + option.get_validator(i)->get_description();
      if (const auto at = name.find(said); said.size() > 1 && at != std::string::npos)
        name.erase(at, said.size());
    } catch (const CLI::OptionNotFound&) {
      return name;
    }
  }
}

FlagNode describe_flag(CLI::Option& option) {
  FlagNode out;
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  out.help = option.get_description();
  if (option.get_type_size() == 0) return out;
  out.value = value_name(option);
  out.optional_value = option.get_items_expected_min() == 0;
  return out;
}

}  // namespace

CommandNode describe(CLI::App& app) {
  CommandNode out;
  out.name = app.get_name();
  out.help = app.get_description();
  out.runs_a_program = app.get_prefix_command();
  const auto all = [](auto*) { return true; };
  for (auto* option : app.get_options(all)) {
    if (option->get_group().empty()) continue;
    if (option->nonpositional())
      out.flags.push_back(describe_flag(*option));
    else
      out.operands.push_back({option->get_name(true), value_name(*option),
                              option->get_description(), option->get_items_expected_max() > 1});
  }
  for (auto* sub : app.get_subcommands(all))
    if (!sub->get_group().empty()) out.commands.push_back(describe(*sub));
  return out;
}

}  // namespace weir::cli
