// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace weir::cli {
namespace {

std::string line(const std::vector<Table::Column>& columns, const std::vector<std::size_t>& widths,
                 const std::vector<std::string>& cells) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& cell = cells[i];
    const std::string padding(widths[i] - std::min(widths[i], cell.size()), ' ');
    out += columns[i].align == Align::left ? cell + padding : padding + cell;
    out += "  ";
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace

bool use_color(const Arguments& args) {
  if (args.color != Color::automatic) return args.color == Color::always;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && !(no_color && *no_color) &&
         !(term && std::string_view{term} == "dumb");
}

void Table::print(const Arguments& args) const {
  std::vector<std::size_t> widths;
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(columns_[i].title);
    widths.push_back(columns_[i].title.size());
    for (const auto& row : rows_) widths[i] = std::max(widths[i], row[i].size());
  }
  const auto heading = line(columns_, widths, titles);
  fmt::print("{}\n", use_color(args) ? fmt::format("\x1b[1m{}\x1b[0m", heading) : heading);
  for (const auto& row : rows_) fmt::print("{}\n", line(columns_, widths, row));
}

}  // namespace weir::cli
