// SPDX-License-Identifier: Apache-2.0
#include "wrong_usage.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "weir/base/text.h"

#include "report.h"

namespace weir::cli {
namespace {

std::string unknown_word(const CLI::App& app, const std::string& word) {
  const auto shown = printable(word, 60);
  if (word.starts_with('-')) return fmt::format("no option '{}'", shown);
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  const auto meant = nearest(word, {names.begin(), names.end()});
  return fmt::format("no command '{}'{}", shown,
                     meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
}

}  // namespace

std::string reason_of(const CLI::ParseError& error, const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  const auto& last = chosen.empty() ? app : *chosen.front();
  const auto unknown = app.remaining(true);
  const bool lacks_command =
      last.get_require_subcommand_min() > 0 && last.get_subcommands().empty();
  if (dynamic_cast<const CLI::RequiredError*>(&error) && lacks_command && !unknown.empty())
    return unknown_word(last, unknown.front());
  // CLI11 writes more than one line for some mistakes.
  std::string reason{error.what()};
  std::ranges::replace(reason, '\n', ' ');
  return reason;
}

bool complain_of_run(const std::string& reason, const Arguments& args) {
  Error shown;
  shown.code = Errc::usage;
  shown.message = reason;
  shown.hint = "weir run --pool POOL -- COMMAND [ARGUMENT…]";
  report_error(shown, args);
  return false;
}

}  // namespace weir::cli
