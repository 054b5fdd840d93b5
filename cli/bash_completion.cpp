// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>

#include "completion.h"
#include "completion_text.h"

namespace weir::cli {
namespace {

constexpr std::string_view head = R"sh(# bash completion for weir, made by `weir completion bash`

)sh";

// COMP_WORDS is cut at = and :, so --color=never is three words there.
constexpr std::string_view tail = R"sh(
# Offers what the words of $1 stand for: @kinds, or themselves.
_weir_offer() {
    local part
    for part in $1; do
        case $part in
        @pools | @containers)
            _weir_add -W "$("${program[@]}" __complete "${part#@}" 2>/dev/null)"
            ;;
        @files)
            compopt -o filenames 2>/dev/null
            _weir_add -f
            ;;
        @directories)
            compopt -o filenames 2>/dev/null
            _weir_add -d
            ;;
        @users) _weir_add -u ;;
        @*) ;;
        *) _weir_add -W "$part" ;;
        esac
    done
}

_weir_add() {
    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen "$@" -- "$cur")
}

# The word at place $1 begins a command line of its own.
_weir_other_command() {
    if declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif ((COMP_CWORD == $1)); then
        _weir_add -c
    else
        compopt -o default 2>/dev/null
    fi
}

_weir() {
    local cur=${COMP_WORDS[COMP_CWORD]} command='' operands=0 word value i REPLY
    local program=("${COMP_WORDS[0]/#\~/$HOME}")
    COMPREPLY=()
    [[ $cur != '=' ]] || cur=''
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --)
            _weir_runs "$command" && _weir_other_command $((i + 1))
            return
            ;;
        -*)
            _weir_value "$command" "$word"
            [[ $REPLY ]] || continue
            [[ ${COMP_WORDS[i + 1]} != '=' || i+1 -ge COMP_CWORD ]] || ((i++))
            if ((++i >= COMP_CWORD)); then
                _weir_offer "$REPLY"
                return
            fi
            value=${COMP_WORDS[i]/#\~/$HOME}
            case $word in --config | --cgroup-root | --run-dir) program+=("$word" "$value") ;; esac
            ;;
        *)
            if _weir_runs "$command"; then
                _weir_other_command "$i"
                return
            fi
            _weir_commands "$command"
            if [[ " $REPLY " == *" $word "* ]]; then
                command+=${command:+ }$word
            else
                ((operands++))
            fi
            ;;
        esac
    done
    if [[ $cur != -* ]]; then
        if [[ $cur ]] && _weir_runs "$command"; then
            _weir_other_command "$COMP_CWORD"
            return
        fi
        _weir_commands "$command"
        [[ $REPLY ]] || _weir_operand "$command" $((operands + 1))
        if [[ $REPLY || $cur ]]; then
            _weir_offer "$REPLY"
            return
        fi
    fi
    _weir_flags "$command"
    _weir_add -W "$REPLY"
} && complete -F _weir weir
)sh";

std::string words_of(const std::string& value) {
  std::string out;
  for (const auto& choice : choices_of(value)) {
    if (!out.empty()) out += ' ';
    switch (choice.kind) {
      case Choice::Kind::word:
        out += choice.word;
        break;
      case Choice::Kind::pools:
        out += "@pools";
        break;
      case Choice::Kind::containers:
        out += "@containers";
        break;
      case Choice::Kind::files:
        out += "@files";
        break;
      case Choice::Kind::directories:
        out += "@directories";
        break;
      case Choice::Kind::users:
        out += "@users";
        break;
    }
  }
  return out;
}

std::string line(const std::string& pattern, const std::string& reply) {
  return fmt::format("    {}) REPLY={} ;;\n", pattern, quoted_for_sh(reply));
}

std::string function(std::string_view name, std::string_view what, std::string_view on,
                     const std::string& lines) {
  return fmt::format("# {}\n{}() {{\n    REPLY=''\n    case {} in\n{}    esac\n}}\n\n", what, name,
                     on, lines);
}

std::string join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string commands_function(const std::vector<FlatCommand>& commands) {
  std::string lines;
  for (const auto& command : commands) {
    std::vector<std::string> names;
    for (const auto& child : command.node->commands) names.push_back(child.name);
    if (!names.empty()) lines += line(quoted_for_sh(command.name), join(names));
  }
  return function("_weir_commands", "The commands below command $1.", "$1", lines);
}

std::string flags_function(const std::vector<FlatCommand>& commands) {
  std::string lines;
  for (const auto& command : commands) {
    std::vector<std::string> names;
    for (const auto* flag : command.flags)
      std::ranges::copy_if(flag->names, std::back_inserter(names),
                           [](const std::string& name) { return name.starts_with("--"); });
    lines += line(quoted_for_sh(command.name), join(names));
  }
  return function("_weir_flags", "The flags of command $1.", "$1", lines);
}

std::string value_function(const std::vector<FlatCommand>& commands) {
  std::string lines;
  for (const auto& command : commands)
    for (const auto* flag : command.flags)
      for (const auto& name : flag->names) {
        if (flag->value.empty() || flag->optional_value) continue;
        const auto words = words_of(flag->value);
        lines += line(quoted_for_sh(fmt::format("{}:{}", command.name, name)),
                      words.empty() ? "@nothing" : words);
      }
  return function("_weir_value",
                  "What the value of flag $2 of command $1 may be; nothing where it takes none.",
                  "$1:$2", lines);
}

std::string operand_function(const std::vector<FlatCommand>& commands) {
  std::string lines;
  for (const auto& command : commands)
    for (std::size_t i = 0; i < command.node->operands.size(); ++i) {
      const auto& operand = command.node->operands[i];
      const auto words = words_of(operand.value);
      if (!words.empty())
        lines += line(operand.repeats ? fmt::format("{}:*", quoted_for_sh(command.name))
                                      : quoted_for_sh(fmt::format("{}:{}", command.name, i + 1)),
                      words);
    }
  return function("_weir_operand", "What operand $2 of command $1 may be.", "$1:$2", lines);
}

std::string runs_function(const std::vector<FlatCommand>& commands) {
  std::vector<std::string> names;
  for (const auto& command : commands)
    if (command.node->runs_a_program) names.push_back(quoted_for_sh(command.name));
  const auto pattern =
      names.empty() ? std::string{"''"} : fmt::format("{}", fmt::join(names, " | "));
  return fmt::format(
      "# True where command $1 takes another command line.\n_weir_runs() {{\n    case $1 "
      "in\n    {}) return 0 ;;\n    esac\n    return 1\n}}\n",
      pattern);
}

}  // namespace

std::string bash_completion(const CommandNode& root) {
  const auto commands = flatten(root);
  std::string out{head};
  out += commands_function(commands);
  out += flags_function(commands);
  out += value_function(commands);
  out += operand_function(commands);
  out += runs_function(commands);
  out += tail;
  return out;
}

}  // namespace weir::cli
