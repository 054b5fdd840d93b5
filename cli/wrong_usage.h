// SPDX-License-Identifier: Apache-2.0
// What is wrong with a command line, in one line.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "arguments.h"

namespace weir::cli {

/// The reason for `error`, which `app` threw; for a command that there is not, the nearest one.
std::string reason_of(const CLI::ParseError& error, const CLI::App& app);

/// Reports a mistake around the command that `run` starts; false, for the caller to hand on.
bool complain_of_run(const std::string& reason, const Arguments& args);

}  // namespace weir::cli
