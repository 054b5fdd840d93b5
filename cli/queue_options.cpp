// SPDX-License-Identifier: Apache-2.0
#include "queue_options.h"

#include <CLI/CLI.hpp>

namespace weir::cli {

void add_queue_commands(CLI::App& app, Arguments& args) {
  auto* queue = app.add_subcommand("queue", "who waits for room, for what, and since when");
  queue->footer("Example:\n  weir queue ci");
  queue->fallthrough();
  queue->require_subcommand(0, 1);
  queue->add_option("POOL", args.pool, "only of this pool")->type_name("POOL");
  auto* cancel = queue->add_subcommand("cancel", "end somebody's wait");
  cancel->footer("Example:\n  weir queue cancel 17");
  cancel->add_option("TICKET", args.ticket, "as `weir queue` shows it")->required()->type_name("");
  cancel->callback([&args] { args.command = "queue cancel"; });
  // Called after its subcommand's.
  queue->callback([&args] {
    if (args.command.empty()) args.command = "queue";
  });
}

}  // namespace weir::cli
