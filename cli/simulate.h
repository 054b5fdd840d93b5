// SPDX-License-Identifier: Apache-2.0
// What `weir simulate` shows: tables, a JSON document, a page.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "weir/runtime/simulate.h"

#include "arguments.h"

namespace weir::cli {

/// Seconds with three digits that count: "0.00123", "12.3", "4570".
std::string short_number(double value);

void print_simulation(const Simulation& simulation, const Arguments& args);

/// With `finish` times of every job where `jobs` is set; ids must then differ.
nlohmann::ordered_json simulation_json(const Simulation& simulation, bool jobs);

/// One HTML file that needs nothing else: no script, no network. The same simulation gives the same
/// bytes.
std::string simulation_page(const Simulation& simulation, const std::string& trace_name);

}  // namespace weir::cli
