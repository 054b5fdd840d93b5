// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <fmt/format.h>

#include "weir/base/text.h"

#include "sim/trace_lines.h"

namespace weir::sim {
namespace {

// Fields of the Standard Workload Format 2.2, counted from 0; -1 means unknown.
enum Field : std::size_t {
  number = 0,
  submit = 1,
  run_time = 3,
  processors = 4,
  memory_used = 6,  // kB a processor
  processors_asked = 7,
  memory_asked = 9,
  user = 11,
  fields = 18
};

class SwfParser : public LineParser {
 public:
  std::optional<std::string> parse(std::string_view line, TraceBuilder& builder) override {
    if (line.starts_with(';')) return {};
    std::array<double, fields> value{};
    if (auto wrong = cut(line, value)) return wrong;
    const auto known = [&](Field field, Field otherwise) {
      return value[field] > 0 ? value[field] : value[otherwise];
    };
    const double width = known(processors, processors_asked);
    if (value[run_time] < -1) return fmt::format("run time {} is negative", value[run_time]);
    if (value[run_time] <= 0 || width <= 0) {  // cancelled before it ran
      builder.skip();
      return {};
    }
    RawRecord record;
    record.id = fmt::format("{}", value[number]);
    record.arrival = value[submit];
    record.cpu_s = value[run_time] * width;
    record.threads = width;
    record.memory = std::max(0.0, known(memory_used, memory_asked)) * width * 1024;
    record.user = fmt::format("user{}", value[user]);
    return builder.add(record);
  }

 private:
  static std::optional<std::string> cut(std::string_view line, std::array<double, fields>& value) {
    std::size_t found = 0;
    for (auto left = trim(line); !left.empty(); left = trim(left)) {
      const auto stop = std::min(left.find_first_of(" \t"), left.size());
      if (found == fields) return fmt::format("more than {} fields", std::size_t{fields});
      const auto number_read = to_finite(left.substr(0, stop));
      if (!number_read)
        return fmt::format("field {} '{}' is not a number", found + 1,
                           printable(left.substr(0, stop), 40));
      value[found++] = *number_read;
      left.remove_prefix(stop);
    }
    if (found < fields) return fmt::format("{} fields, not {}", found, std::size_t{fields});
    return {};
  }
};

}  // namespace

std::unique_ptr<LineParser> make_swf_parser() { return std::make_unique<SwfParser>(); }

}  // namespace weir::sim
