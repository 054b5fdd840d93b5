// SPDX-License-Identifier: Apache-2.0
// The trace readers on hostile text: the first byte picks the format and how the text is cut into
// pieces. What is accepted must be in order, finite and within its bounds.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "weir/policy/trace.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

weir::Result<weir::Trace> read_in_pieces(weir::TraceFormat format, std::string_view text,
                                         std::size_t piece) {
  weir::TraceReader reader(format, "fuzz");
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    if (auto fed = reader.feed(text.substr(0, piece)); !fed)
      return tl::unexpected(std::move(fed).error());
  return std::move(reader).finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto format = static_cast<weir::TraceFormat>(data[0] % 3);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto trace = weir::read_trace(format, "fuzz", text);
  const auto pieces = read_in_pieces(format, text, data[0] / 3 + std::size_t{1});
  require(trace.has_value() == pieces.has_value());
  if (!trace) {
    require(trace.error().message == pieces.error().message);
    require(trace.error().message.find('\n') == std::string::npos);
    return 0;
  }
  double last = 0;
  for (const auto& job : trace->jobs) {
    require(std::isfinite(job.arrival) && job.arrival >= last);
    require(std::isfinite(job.cpu_s) && job.cpu_s > 0 && job.memory >= 0 && job.threads >= 1);
    require(job.pool < trace->pools.size() && job.owner < trace->owners.size());
    last = job.arrival;
  }
  require(trace->jobs.size() == pieces->jobs.size());
  return 0;
}
