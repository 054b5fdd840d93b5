// SPDX-License-Identifier: Apache-2.0
// Columns that line up.
#pragma once

#include <string>
#include <vector>

#include "arguments.h"

namespace weir::cli {

enum class Align { left, right };

class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Two spaces between columns, none at the end of a line; the heading is bold on a terminal.
  void print(const Arguments& args) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// True where stdout is a terminal that wants colour, or --color says so; NO_COLOR is honoured.
bool use_color(const Arguments& args);

}  // namespace weir::cli
