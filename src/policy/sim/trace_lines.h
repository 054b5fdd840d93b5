// SPDX-License-Identifier: Apache-2.0
// One parser a format: a line in, a job or a sample into the trace.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "weir/policy/trace.h"

namespace weir::sim {

/// What a line says, before it is checked. Absent: not mentioned.
struct RawRecord {
  std::optional<std::string> id, pool, user;
  std::optional<double> arrival, cpu_s, memory, threads, priority, time, cpu;
};

/// Collects records; checks ranges and order.
class TraceBuilder {
 public:
  /// The reason alone when the record is not acceptable; the caller knows file and line.
  std::optional<std::string> add(const RawRecord& record);
  void skip() { ++trace_.skipped; }
  [[nodiscard]] bool empty() const { return trace_.jobs.empty() && trace_.demand.empty(); }
  Trace take() && { return std::move(trace_); }

 private:
  using Names = std::map<std::string, std::uint32_t, std::less<>>;
  std::optional<std::string> add_job(const RawRecord& record);
  std::optional<std::string> add_demand(const RawRecord& record);
  static std::uint32_t intern(Names& names, std::vector<std::string>& list,
                              const std::string& name);
  Trace trace_;
  Names pools_, owners_;
};

class LineParser {
 public:
  LineParser() = default;
  LineParser(const LineParser&) = delete;
  LineParser& operator=(const LineParser&) = delete;
  virtual ~LineParser() = default;
  /// The reason when the line is not understood.
  virtual std::optional<std::string> parse(std::string_view line, TraceBuilder& builder) = 0;
};

std::unique_ptr<LineParser> make_csv_parser();
std::unique_ptr<LineParser> make_jsonl_parser();
std::unique_ptr<LineParser> make_swf_parser();

/// A finite number; NaN, infinities, hexadecimal and stray characters are refused.
std::optional<double> to_finite(std::string_view text);

/// Puts a value under its key of surface "id,arrival,...". The reason when the key is unknown, set
/// twice, or needs a number and did not get one.
std::optional<std::string> set_field(RawRecord& record, std::string_view key,
                                     std::string_view value);

}  // namespace weir::sim
