// SPDX-License-Identifier: Apache-2.0
#include "hook_entry.h"

#include <optional>

#include "weir/base/text.h"

namespace weir::cli {
namespace {

constexpr int wrong_usage = 2;
constexpr std::string_view usage_line =
    "usage: weir-hook precreate|prestart|createRuntime|poststart|poststop [--run-dir DIR] "
    "[--on-error open|closed]";

struct Line {
  std::optional<HookStage> stage;
  HookOptions options;
};

/// The value of `--name VALUE` or `--name=VALUE` at `words[i]`, which moves on to the value.
std::optional<std::string> value_of(const std::vector<std::string>& words, std::size_t& i,
                                    std::string_view name) {
  const std::string_view word{words[i]};
  if (word == name && i + 1 < words.size()) return words[++i];
  if (word.starts_with(name) && word.substr(name.size()).starts_with('='))
    return std::string{word.substr(name.size() + 1)};
  return std::nullopt;
}

std::optional<Line> read_line(const std::vector<std::string>& words) {
  Line line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (auto folder = value_of(words, i, "--run-dir")) {
      line.options.run_dir = *folder;
    } else if (auto on_error = value_of(words, i, "--on-error")) {
      if (*on_error != "open" && *on_error != "closed") return std::nullopt;
      line.options.on_error = *on_error == "closed" ? OnError::closed : OnError::open;
    } else {
      if (line.stage) return std::nullopt;
      line.stage = hook_stage_named(words[i]);
      if (!line.stage) return std::nullopt;
    }
  }
  return line.stage ? std::optional{line} : std::nullopt;
}

}  // namespace

int answer_hook(HookStage stage, const HookOptions& options) {
  const auto reply = run_hook(stage, options);
  if (!reply.line.empty()) complain(reply.line);
  if (auto written = write_output(1, reply.output); !written) return 1;
  return reply.status;
}

int hook_entry(const std::vector<std::string>& words) {
  if (words.size() == 1 && (words.front() == "--version" || words.front() == "--help")) {
    const bool version = words.front() == "--version";
    ignore(
        write_output(1, version ? "weir-hook " WEIR_VERSION "\n" : std::string{usage_line} + "\n"),
        "nobody reads it");
    return 0;
  }
  const auto line = read_line(words);
  if (!line) {
    complain(usage_line);
    return wrong_usage;
  }
  return answer_hook(*line->stage, line->options);
}

}  // namespace weir::cli
