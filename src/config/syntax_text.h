// SPDX-License-Identifier: Apache-2.0
// The library's syntax errors in words for administrators.
#pragma once

#include <string>
#include <string_view>

#include "toml_tree.h"

namespace weir::config {

SourcePos place_of(std::string_view text, std::size_t offset, std::size_t file);
std::size_t offset_of(std::string_view text, SourcePos at);

/// A [host], [hook], [runtime] or [pool.X] that was already there.
bool stands_twice(std::string_view what);

struct Explained {
  SourcePos at;
  std::string message;
  std::string hint;
};

/// `statement` begins at `begin` and contains the fault.
Explained explain_fault(const TomlFault& fault, std::string_view statement, SourcePos begin);

/// A character outside ASCII where TOML has none; `text` is valid UTF-8.
Explained explain_stray(std::string_view text, std::size_t offset, std::size_t file);

}  // namespace weir::config
