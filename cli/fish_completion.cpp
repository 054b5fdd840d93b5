// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "completion.h"
#include "completion_text.h"

namespace weir::cli {
namespace {

constexpr std::string_view head = R"(# fish completion for weir, made by `weir completion fish`

)";

constexpr std::string_view tail = R"(
# Sets the caller's `path` ("pool show"), `operands` (how many stand behind it), `where` (flags that say
# where things are) and `inner` (the words of a command line that weir is to run, where one has begun).
function __weir_read --no-scope-shadowing
    set path
    set operands 0
    set where
    set inner
    set -l words (commandline -opc)
    set -l i 2
    while test $i -le (count $words)
        set -l word $words[$i]
        if test "$word" = --
            set inner x $words[(math $i + 1)..-1]
            test $i -lt (count $words); or set inner x
            return
        else if string match -q -- '--*=*' $word
            string match -qr -- '^--(config|cgroup-root|run-dir)=' $word; and set -a where $word
        else if string match -q -- '-*' $word
            if __weir_takes_value "$path" $word
                contains -- $word --config --cgroup-root --run-dir; and set -a where $word $words[(math $i + 1)]
                set i (math $i + 1)
            end
        else if __weir_runs "$path"
            set inner x $words[$i..-1]
            return
        else if contains -- $word (__weir_commands "$path")
            set path (string trim -- "$path $word")
        else
            set operands (math $operands + 1)
        end
        set i (math $i + 1)
    end
end

# True at command $argv[1]; with $argv[2], where that many operands stand already.
function __weir_at
    set -l path
    set -l operands
    set -l where
    set -l inner
    __weir_read
    test -z "$inner"; and test "$path" = "$argv[1]"; or return 1
    test (count $argv) -lt 2; or test "$argv[2]" = any; or test "$argv[2]" = $operands
end

# True where another program's command line is being typed.
function __weir_in_other
    set -l path
    set -l operands
    set -l where
    set -l inner
    __weir_read
    __weir_runs "$path"; or return 1
    test -n "$inner"; or not string match -q -- '-*' (commandline -ct)
end

function __weir_other
    set -l path
    set -l operands
    set -l where
    set -l inner
    __weir_read
    test -n "$inner"; or test -n (commandline -ct | string collect); or return
    complete -C (string join ' ' -- (string escape -- $inner[2..-1]) (commandline -ct))
end

function __weir_names
    set -l path
    set -l operands
    set -l where
    set -l inner
    __weir_read
    set -l program (commandline -opc)[1]
    $program $where __complete $argv[1] 2>/dev/null
end

complete -c weir -f
complete -c weir -n __weir_in_other -a '(__weir_other)'
)";

std::string quoted_for_fish(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// What fish is to offer, and whether files come on top.
struct Offer {
  std::string words;
  bool files = false;
};

Offer offer_of(const std::string& value) {
  Offer out;
  const auto add = [&](const std::string& word) {
    out.words += out.words.empty() ? word : " " + word;
  };
  for (const auto& choice : choices_of(value)) {
    switch (choice.kind) {
      case Choice::Kind::word:
        add(choice.word);
        break;
      case Choice::Kind::pools:
        add("(__weir_names pools)");
        break;
      case Choice::Kind::containers:
        add("(__weir_names containers)");
        break;
      case Choice::Kind::files:
        out.files = true;
        break;
      case Choice::Kind::directories:
        add("(__fish_complete_directories)");
        break;
      case Choice::Kind::users:
        add("(__fish_complete_users)");
        break;
    }
  }
  return out;
}

std::string condition(const std::string& command, const std::string& operands = {}) {
  const auto at =
      "__weir_at " + quoted_for_fish(command) + (operands.empty() ? "" : " " + operands);
  return quoted_for_fish(at);
}

std::string flag_line(const FlatCommand& command, const FlagNode& flag) {
  auto out = fmt::format("complete -c weir -n {}", condition(command.name));
  for (const auto& name : flag.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!flag.value.empty() && !flag.optional_value) {
    const auto offer = offer_of(flag.value);
    out += offer.files ? " -r -F" : " -x";
    if (!offer.words.empty()) out += " -a " + quoted_for_fish(offer.words);
  }
  return out + " -d " + quoted_for_fish(flag.help) + "\n";
}

std::string operand_line(const FlatCommand& command, std::size_t place) {
  const auto& operand = command.node->operands[place];
  const auto offer = offer_of(operand.value);
  if (offer.words.empty() && !offer.files) return {};
  auto out =
      fmt::format("complete -c weir -n {}",
                  condition(command.name, operand.repeats ? "any" : fmt::format("{}", place)));
  if (offer.files) out += " -F";
  if (!offer.words.empty()) out += " -a " + quoted_for_fish(offer.words);
  return out + "\n";
}

std::string lines_of(const FlatCommand& command) {
  std::string out;
  for (const auto& child : command.node->commands)
    out += fmt::format("complete -c weir -n {} -a {} -d {}\n", condition(command.name, "0"),
                       quoted_for_fish(child.name), quoted_for_fish(child.help));
  for (std::size_t i = 0; i < command.node->operands.size(); ++i) out += operand_line(command, i);
  for (const auto* flag : command.flags) out += flag_line(command, *flag);
  return out;
}

std::string commands_function(const std::vector<FlatCommand>& commands) {
  std::string out =
      "# The commands below command $argv[1], one a line.\nfunction __weir_commands\n    switch "
      "$argv[1]\n";
  for (const auto& command : commands) {
    if (command.node->commands.empty()) continue;
    out +=
        fmt::format("        case {}\n            printf '%s\\n'", quoted_for_fish(command.name));
    for (const auto& child : command.node->commands) out += " " + child.name;
    out += "\n";
  }
  return out + "    end\nend\n\n";
}

std::string value_function(const std::vector<FlatCommand>& commands) {
  std::string out =
      "# True where flag $argv[2] of command $argv[1] takes its value from the next "
      "word.\nfunction __weir_takes_value\n    switch \"$argv[1]:$argv[2]\"\n        case ''";
  for (const auto& command : commands)
    for (const auto* flag : command.flags)
      for (const auto& name : flag->names)
        if (!flag->value.empty() && !flag->optional_value)
          out += " \\\n            " + quoted_for_fish(command.name + ":" + name);
  return out + "\n            return 0\n    end\n    return 1\nend\n\n";
}

std::string runs_function(const std::vector<FlatCommand>& commands) {
  std::string out =
      "# True where command $argv[1] takes another command line.\nfunction __weir_runs\n    "
      "contains -- \"$argv[1]\"";
  for (const auto& command : commands)
    if (command.node->runs_a_program) out += " " + quoted_for_fish(command.name);
  return out + "\nend\n";
}

}  // namespace

std::string fish_completion(const CommandNode& root) {
  const auto commands = flatten(root);
  std::string out{head};
  out += commands_function(commands);
  out += value_function(commands);
  out += runs_function(commands);
  out += tail;
  for (const auto& command : commands) out += lines_of(command);
  return out;
}

}  // namespace weir::cli
