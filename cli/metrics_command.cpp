// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <fmt/format.h>

#include "weir/runtime/metrics.h"

#include "commands.h"

namespace weir::cli {

Result<int> metrics_command(const Arguments& args) {
  WEIR_TRY(auto session, open_session(args.options));
  // Counters need no sample: whoever reads them takes the difference.
  WEIR_TRY(const auto now, reclaimed_status(session, std::chrono::milliseconds{0}));
  const auto exposition =
      args.word == "prometheus" ? Exposition::prometheus : Exposition::openmetrics;
  fmt::print("{}", render(measure(session.io, session.tree, now), exposition));
  return 0;
}

}  // namespace weir::cli
