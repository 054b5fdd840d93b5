// SPDX-License-Identifier: Apache-2.0
// pool create, set, remove.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "weir/runtime/audit.h"
#include "weir/runtime/pools.h"

#include "commands.h"
#include "json.h"
#include "report.h"

namespace weir::cli {
namespace {

Result<std::vector<KeyValue>> parse_settings(const std::vector<std::string>& words) {
  std::vector<KeyValue> out;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(Errc::usage, fmt::format("'{}' is not KEY=VALUE", word),
                  "write for example memory.limit=60MiB or shares=50");
    out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return out;
}

Result<PoolEdit> logged(std::string_view what, const Arguments& args, Result<PoolEdit> edit) {
  return audited(audit_path, {.what = what, .pool = *args.pool}, std::move(edit));
}

int print_edit(const PoolEdit& edit, std::string_view what, const Arguments& args) {
  if (args.json) {
    auto document = plan_json(edit.report.plan);
    document["done"] = edit.report.done;
    document["file"] = edit.file;
    print_json(document);
  } else {
    note(args, fmt::format("{} {}, {} change{} made", what, edit.file, edit.report.done,
                           edit.report.done == 1 ? "" : "s"));
  }
  return 0;
}

}  // namespace

Result<int> pool_create_command(const Arguments& args) {
  WEIR_TRY(const auto settings, parse_settings(args.settings));
  WEIR_TRY(const auto edit,
           logged("pool create", args, create_pool(args.options, *args.pool, settings)));
  return print_edit(edit, "wrote", args);
}

Result<int> pool_set_command(const Arguments& args) {
  WEIR_TRY(const auto settings, parse_settings(args.settings));
  WEIR_TRY(const auto edit, logged("pool set", args, set_pool(args.options, *args.pool, settings)));
  return print_edit(edit, "wrote", args);
}

Result<int> pool_remove_command(const Arguments& args) {
  if (args.kill && args.to)
    return fail(Errc::usage, "--kill and --move-to: its containers can only do one of both");
  const auto evict = args.to     ? Evict{Evict::Way::move, *args.to}
                     : args.kill ? Evict::kill
                                 : Evict::no;
  WEIR_TRY(const auto edit,
           logged("pool remove", args, remove_pool(args.options, *args.pool, evict)));
  return print_edit(edit, "removed", args);
}

}  // namespace weir::cli
