// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "completion.h"
#include "completion_text.h"

namespace weir::cli {
namespace {

constexpr std::string_view head = R"sh(#compdef weir
# zsh completion for weir, made by `weir completion zsh`

# Names of one kind, asked of weir with the flags that say where things are.
_weir_names() {
    local -a where names expl
    local i
    for ((i = 2; i < $#_weir_line; i++)); do
        case $_weir_line[i] in
        --) break ;;
        --config | --cgroup-root | --run-dir) where+=("$_weir_line[i]" "${${(Q)_weir_line[i+1]}/#\~/$HOME}") ;;
        --config=* | --cgroup-root=* | --run-dir=*) where+=("${(Q)_weir_line[i]}") ;;
        esac
    done
    names=(${(f)"$("${${(Q)_weir_line[1]}/#\~/$HOME}" "$where[@]" __complete $1 2>/dev/null)"})
    _wanted $1 expl ${1%s} compadd -a names
}

_weir_pools() { _weir_names pools }
_weir_containers() { _weir_names containers }

)sh";

constexpr std::string_view tail = R"(
_weir() {
    local -a _weir_line=("${words[@]}")
    _weir_top
}

if [[ $funcstack[1] == _weir ]]; then
    _weir "$@"
else
    compdef _weir weir
fi
)";

std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// "pool show" -> "_weir_pool_show".
std::string function_of(const std::string& command) {
  std::string out = "_weir_";
  for (const char c : command.empty() ? std::string{"top"} : "cmd_" + command)
    out += c == ' ' || c == '-' ? '_' : c;
  return out;
}

std::string action_of(const Choice& choice) {
  switch (choice.kind) {
    case Choice::Kind::word:
      return fmt::format("({})", choice.word);
    case Choice::Kind::pools:
      return "_weir_pools";
    case Choice::Kind::containers:
      return "_weir_containers";
    case Choice::Kind::files:
      return "_files";
    case Choice::Kind::directories:
      return "_directories";
    case Choice::Kind::users:
      return "_users";
  }
  return {};
}

/// Functions for values of more than one kind, by what they offer.
class Actions {
 public:
  /// What to write behind a value's colon; a space where there is nothing to offer.
  std::string of(const std::string& value) {
    const auto choices = choices_of(value);
    if (choices.empty()) return " ";
    if (choices.size() == 1) return action_of(choices.front());
    const bool only_words = std::ranges::all_of(
        choices, [](const Choice& choice) { return choice.kind == Choice::Kind::word; });
    if (!only_words) return function_for(value, choices);
    std::vector<std::string> words;
    for (const auto& choice : choices) words.push_back(choice.word);
    return fmt::format("({})", fmt::join(words, " "));
  }

  [[nodiscard]] std::string functions() const {
    std::string out;
    for (const auto& [value, text] : functions_) out += text;
    return out;
  }

 private:
  std::string function_for(const std::string& value, const std::vector<Choice>& choices) {
    std::string name = "_weir_value_";
    for (const char c : value) name += c == '|' ? std::string{"_or_"} : std::string{c};
    std::string text = fmt::format("{}() {{\n    _alternative", name);
    for (const auto& choice : choices)
      text += ' ' + quoted_for_sh(fmt::format("{0}:{0}:{1}",
                                              choice.kind == Choice::Kind::word ? "word" : "name",
                                              action_of(choice)));
    functions_.emplace(value, text + "\n}\n\n");
    return name;
  }

  std::map<std::string, std::string> functions_;
};

std::string flag_spec(const FlagNode& flag, Actions& actions) {
  const auto help = escaped(flag.help, "[]\\:");
  std::string value;
  if (!flag.value.empty())
    value = fmt::format("{}:{}:{}", flag.optional_value ? ":" : "", escaped(flag.value, ":\\"),
                        actions.of(flag.value));
  std::string out;
  for (const auto& name : flag.names) {
    const auto* joint = flag.value.empty() ? "" : flag.optional_value ? "=-" : "=";
    const auto others =
        flag.names.size() > 1 ? fmt::format("({})", fmt::join(flag.names, " ")) : std::string{};
    out +=
        fmt::format("        {} \\\n",
                    quoted_for_sh(fmt::format("{}{}{}[{}]{}", others, name,
                                              name.starts_with("--") ? joint : "", help, value)));
  }
  return out;
}

std::string operand_specs(const CommandNode& node, Actions& actions) {
  if (node.runs_a_program)
    return "        '(-)1:command: _command_names -e' \\\n        '*::argument: _normal' && "
           "return\n";
  std::string out;
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    const auto& operand = node.operands[i];
    out += fmt::format(
        "        {} \\\n",
        quoted_for_sh(fmt::format("{}:{}:{}", operand.repeats ? "*" : fmt::format("{}", i + 1),
                                  escaped(operand.name, ":\\"), actions.of(operand.value))));
  }
  return out + "        && return\n";
}

std::string subcommands(const FlatCommand& command) {
  std::string out =
      "        '1: :->command' \\\n        '*:: :->rest' && ret=0\n    case $state in\n    "
      "command)\n        subcommands=(\n";
  for (const auto& child : command.node->commands)
    out += fmt::format("            {}\n",
                       quoted_for_sh(fmt::format("{}:{}", escaped(child.name, ":\\"),
                                                 escaped(child.help, ":\\"))));
  out +=
      "        )\n        _describe -t commands command subcommands && ret=0\n        ;;\n    "
      "rest)\n "
      "       curcontext=\"${curcontext%:*}-$line[1]:\"\n        case $line[1] in\n";
  for (const auto& child : command.node->commands) {
    const auto full = command.name.empty() ? child.name : command.name + " " + child.name;
    out += fmt::format("        {}) {} && ret=0 ;;\n", child.name, function_of(full));
  }
  return out + "        esac\n        ;;\n    esac\n    return ret\n";
}

std::string command_function(const FlatCommand& command, Actions& actions) {
  const bool parent = !command.node->commands.empty();
  std::string out = fmt::format("{}() {{\n", function_of(command.name));
  if (parent)
    out +=
        "    local curcontext=\"$curcontext\" state line ret=1\n    local -a subcommands\n    "
        "local "
        "-A opt_args\n    _arguments -C \\\n";
  else
    out += "    _arguments -S \\\n";
  for (const auto* flag : command.flags) out += flag_spec(*flag, actions);
  out += parent ? subcommands(command) : operand_specs(*command.node, actions);
  return out + "}\n\n";
}

}  // namespace

std::string zsh_completion(const CommandNode& root) {
  Actions actions;
  std::string commands;
  for (const auto& command : flatten(root)) commands += command_function(command, actions);
  std::string out{head};
  out += actions.functions();
  out += commands;
  out.pop_back();
  out += tail;
  return out;
}

}  // namespace weir::cli
