// SPDX-License-Identifier: Apache-2.0
#include "weir/policy/trace.h"

#include <fmt/format.h>

#include "weir/base/text.h"

#include "sim/trace_lines.h"

namespace weir {

struct TraceReader::State {
  std::string file;
  std::unique_ptr<sim::LineParser> parser;
  sim::TraceBuilder builder;
  std::string carried;  // a line whose end has not come yet
  std::size_t line = 0;

  [[nodiscard]] tl::unexpected<Error> at_line(const std::string& reason) const {
    return fail(Errc::failed, fmt::format("{}:{}: {}", printable(file), line, reason));
  }

  Status take(std::string_view text) {
    ++line;
    if (text.size() > max_trace_line)
      return at_line(fmt::format("a line of more than {} bytes", max_trace_line));
    if (text.find('\0') != text.npos) return at_line("a zero byte: this is not text");
    if (line == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text = trim(text);
    if (text.empty()) return {};
    if (auto wrong = parser->parse(text, builder)) return at_line(*wrong);
    return {};
  }
};

TraceReader::TraceReader(TraceFormat format, std::string file_name)
    : state_(std::make_unique<State>()) {
  state_->file = std::move(file_name);
  switch (format) {
    case TraceFormat::csv:
      state_->parser = sim::make_csv_parser();
      break;
    case TraceFormat::jsonl:
      state_->parser = sim::make_jsonl_parser();
      break;
    case TraceFormat::swf:
      state_->parser = sim::make_swf_parser();
      break;
  }
}

TraceReader::~TraceReader() = default;
TraceReader::TraceReader(TraceReader&&) noexcept = default;
TraceReader& TraceReader::operator=(TraceReader&&) noexcept = default;

Status TraceReader::feed(std::string_view chunk) {
  auto& carried = state_->carried;
  while (true) {
    const auto end = chunk.find('\n');
    if (end == chunk.npos) break;
    if (carried.empty()) {
      WEIR_CHECK(state_->take(chunk.substr(0, end)));
    } else {
      carried += chunk.substr(0, end);
      WEIR_CHECK(state_->take(carried));
      carried.clear();
    }
    chunk.remove_prefix(end + 1);
  }
  carried += chunk.substr(0, max_trace_line + 1);
  if (carried.size() > max_trace_line) return state_->take(carried);
  return {};
}

Result<Trace> TraceReader::finish() && {
  if (!state_->carried.empty()) WEIR_CHECK(state_->take(state_->carried));
  if (state_->builder.empty()) return state_->at_line("the trace has no job");
  return std::move(state_->builder).take();
}

Result<Trace> read_trace(TraceFormat format, std::string file_name, std::string_view text) {
  TraceReader reader(format, std::move(file_name));
  WEIR_CHECK(reader.feed(text));
  return std::move(reader).finish();
}

TraceFormat trace_format_of(std::string_view file_name) {
  if (file_name.ends_with(".gz")) file_name.remove_suffix(3);
  if (file_name.ends_with(".swf")) return TraceFormat::swf;
  if (file_name.ends_with(".jsonl") || file_name.ends_with(".json")) return TraceFormat::jsonl;
  return TraceFormat::csv;
}

}  // namespace weir
