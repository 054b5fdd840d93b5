// SPDX-License-Identifier: Apache-2.0
// The spelling of HookRules: what its writer and its reader share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::hook_rules {

/// Behind it stands `open` or `closed`.
inline constexpr std::string_view version = "weir-hook 1 ";
/// A file that was cut off has no such line.
inline constexpr std::string_view last_line = "end";

/// One word: blanks, control characters, '%' and what is not ASCII as %XX; "" as "%".
std::string escaped(std::string_view text);
std::optional<std::string> unescaped(std::string_view word);

}  // namespace weir::hook_rules
