// SPDX-License-Identifier: Apache-2.0
// Errors as people and scripts get them; the one place where a code becomes an exit status.
#pragma once

#include <string>

#include "weir/base/result.h"

#include "arguments.h"

namespace weir::cli {

inline constexpr int exit_drift = 10;  ///< `plan --exit-code`, `verify`

int exit_status(Errc code);

/// Prints the error (as JSON on stdout with --json) and returns its exit status.
int report_error(const Error& error, const Arguments& args);

/// The same with JSON on stderr, for `run`, whose stdout is the command's.
int report_run_error(const Error& error, const Arguments& args);

/// A line on stderr unless --quiet.
void note(const Arguments& args, const std::string& line);

}  // namespace weir::cli
