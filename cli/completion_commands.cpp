// SPDX-License-Identifier: Apache-2.0
// completion SHELL, and __complete, which its scripts call for names.
#include <array>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/base/text.h"
#include "weir/runtime/suggest.h"

#include "commands.h"
#include "completion.h"
#include "json.h"

namespace weir::cli {
namespace {

struct Shell {
  std::string_view name;
  std::string (*script)(const CommandNode&);
};
constexpr std::array shells{
    Shell{"bash", bash_completion},
    Shell{"zsh", zsh_completion},
    Shell{"fish", fish_completion},
};

}  // namespace

Result<int> completion_command(const Arguments& args) {
  for (const auto& shell : shells) {
    if (shell.name != *args.word) continue;
    const auto script = shell.script(describe_commands());
    if (args.json)
      print_json({{"shell", shell.name}, {"script", script}});
    else
      fmt::print("{}", script);
    return 0;
  }
  return fail(Errc::usage, fmt::format("completion: no script for '{}'", printable(*args.word, 60)),
              "weir completion bash, zsh or fish");
}

Result<int> complete_command(const Arguments& args) {
  std::vector<std::string> names;
  if (*args.word == "pools") names = suggest_pools(args.options);
  if (*args.word == "containers") names = suggest_containers(args.options);
  for (const auto& name : names) fmt::print("{}\n", name);
  return 0;
}

}  // namespace weir::cli
