// SPDX-License-Identifier: Apache-2.0
// Where mistakes are collected, so that one run shows all of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "weir/model/config.h"

namespace weir::config {

class Report {
 public:
  /// `why` is put behind "KEY: "; an empty key stands alone.
  void error(SourcePos at, std::string_view key, std::string_view why, std::string hint = {});
  void warning(SourcePos at, std::string_view key, std::string_view why, std::string hint = {});
  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }
  /// Everything reported, by file, line and column; the report is empty afterwards.
  std::vector<Diagnostic> take();

 private:
  void add(Diagnostic diagnostic);
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

/// No diagnostic is more than a warning.
bool only_warnings(const std::vector<Diagnostic>& diagnostics);

/// "did you mean 'limit'?", or empty when nothing is near. Case is ignored.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace weir::config
