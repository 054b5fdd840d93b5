// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "weir/base/text.h"

#include "sim/trace_lines.h"

namespace weir::sim {
namespace {

constexpr std::size_t max_fields = 64;  // far above the keys there are, far below a hostile line

class CsvParser : public LineParser {
 public:
  std::optional<std::string> parse(std::string_view line, TraceBuilder& builder) override {
    if (line.find('"') != line.npos) return "quoted fields are not supported";
    if (auto wrong = cut(line)) return wrong;
    if (header_.empty()) return take_header();
    if (fields_.size() != header_.size())
      return fmt::format("{} fields where the header has {}", fields_.size(), header_.size());
    RawRecord record;
    for (std::size_t i = 0; i < fields_.size(); ++i)
      if (auto wrong = set_field(record, header_[i], fields_[i])) return wrong;
    return builder.add(record);
  }

 private:
  std::optional<std::string> cut(std::string_view line) {
    fields_.clear();
    for (bool more = true; more;) {
      if (fields_.size() == max_fields) return fmt::format("more than {} fields", max_fields);
      const auto comma = line.find(',');
      more = comma != line.npos;
      fields_.push_back(trim(line.substr(0, comma)));
      if (more) line.remove_prefix(comma + 1);
    }
    return {};
  }

  std::optional<std::string> take_header() {
    RawRecord probe;
    for (auto field : fields_) {
      if (auto wrong = set_field(probe, field, "1")) return *wrong + " in the header";
      header_.emplace_back(field);
    }
    const bool jobs = probe.id && probe.arrival && probe.cpu_s && probe.memory;
    const bool demand = probe.time && probe.pool && probe.cpu && probe.memory;
    if (jobs || demand) return {};
    return "the header names neither id,arrival,cpu_s,memory nor time,pool,cpu,memory";
  }

  std::vector<std::string> header_;
  std::vector<std::string_view> fields_;
};

}  // namespace

std::unique_ptr<LineParser> make_csv_parser() { return std::make_unique<CsvParser>(); }

}  // namespace weir::sim
