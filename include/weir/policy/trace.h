// SPDX-License-Identifier: Apache-2.0
// What a simulation is fed with: jobs, or recorded demand (docs/allocator.md 15).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.h"

namespace weir {

struct Job {
  std::string id;
  double arrival = 0;        ///< seconds
  double cpu_s = 0;          ///< CPU seconds of work, above 0
  std::int64_t memory = 0;   ///< bytes it holds from start to end
  std::int64_t threads = 1;  ///< no policy gives it more cores than this
  std::int64_t priority = 0;
  std::uint32_t pool = 0;   ///< index into Trace::pools
  std::uint32_t owner = 0;  ///< index into Trace::owners
};

/// From `time` on a pool wants this much, until its next sample.
struct DemandSample {
  double time = 0;
  std::uint32_t pool = 0;   ///< index into Trace::pools
  std::int64_t cpu = 0;     ///< micro-cores
  std::int64_t memory = 0;  ///< bytes
};

struct Trace {
  std::vector<Job> jobs;             ///< by arrival
  std::vector<DemandSample> demand;  ///< by time
  std::vector<std::string> pools;    ///< names, in order of appearance
  std::vector<std::string> owners;   ///< names: users where the trace has them, else pools
  std::size_t skipped = 0;           ///< SWF jobs that never ran
};

/// csv: a header, either of jobs (id,arrival,cpu_s,memory and optionally threads, priority, pool,
/// user in any order) or of demand (time,pool,cpu,memory). jsonl: one object a line with the same
/// keys. swf: the Standard Workload Format of the Parallel Workloads Archive.
enum class TraceFormat { csv, jsonl, swf };

/// By the file's name: ".swf", ".jsonl" or ".json", else csv; a trailing ".gz" is ignored.
TraceFormat trace_format_of(std::string_view file_name);

/// Reads a trace piece by piece, so that nobody needs all of its text at once. The first mistake
/// ends it: Errc::failed with "FILE:LINE: reason".
class TraceReader {
 public:
  TraceReader(TraceFormat format, std::string file_name);
  ~TraceReader();
  TraceReader(TraceReader&&) noexcept;
  TraceReader& operator=(TraceReader&&) noexcept;

  /// Any part of the text, lines may be cut anywhere.
  Status feed(std::string_view chunk);
  /// The text has ended. A trace without a job or a sample is a mistake too.
  Result<Trace> finish() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All at once.
Result<Trace> read_trace(TraceFormat format, std::string file_name, std::string_view text);

inline constexpr std::size_t max_trace_line = 64 << 10;  ///< bytes

}  // namespace weir
