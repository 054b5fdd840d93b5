// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <cstdio>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string as_json(const Error& error) {
  Json body{{"code", code_name(error.code)},
            {"exit", exit_status(error.code)},
            {"message", error.message},
            {"hint", error.hint.empty() ? Json{} : Json(error.hint)}};
  if (!error.details.empty()) body["details"] = error.details;
  return Json{{"error", std::move(body)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int report(const Error& error, const Arguments& args, std::FILE* json_stream) {
  if (args.json) {
    fmt::print(json_stream, "{}\n", as_json(error));
    return exit_status(error.code);
  }
  if (!error.details.empty()) fmt::print(stderr, "{}", error.details);
  fmt::print(stderr, "weir: {}: {}\n", code_name(error.code), error.message);
  if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", error.hint);
  return exit_status(error.code);
}

}  // namespace

int exit_status(Errc code) {
  switch (code) {
    case Errc::failed:
      return 1;
    case Errc::usage:
      return 2;
    case Errc::config:
      return 3;
    case Errc::unsupported:
      return 4;
    case Errc::no_capacity:
      return 5;
    case Errc::denied:
      return 6;
    case Errc::not_found:
      return 7;
    case Errc::conflict:
      return 8;
  }
  return 1;
}

int report_error(const Error& error, const Arguments& args) { return report(error, args, stdout); }

int report_run_error(const Error& error, const Arguments& args) {
  return report(error, args, stderr);
}

void note(const Arguments& args, const std::string& line) {
  if (!args.quiet) fmt::print(stderr, "{}\n", line);
}

}  // namespace weir::cli
