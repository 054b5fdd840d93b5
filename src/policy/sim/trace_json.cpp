// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "weir/base/text.h"

#include "sim/trace_lines.h"

namespace weir::sim {
namespace {

/// One flat object: strings, numbers and null. Nesting has no meaning in a trace, so it has no
/// parser that could be driven deep.
class FlatObject {
 public:
  explicit FlatObject(std::string_view text) : left_(text) {}

  std::optional<std::string> read(RawRecord& record) {
    if (!eat('{')) return "not a JSON object";
    if (!eat('}')) do {
        if (auto wrong = member(record)) return wrong;
      } while (eat(','));
    else
      return end();
    if (!eat('}')) return "expected ',' or '}'";
    return end();
  }

 private:
  void skip_space() {
    while (!left_.empty() && (left_.front() == ' ' || left_.front() == '\t'))
      left_.remove_prefix(1);
  }
  bool eat(char wanted) {
    skip_space();
    if (!left_.starts_with(wanted)) return false;
    left_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> end() {
    skip_space();
    if (left_.empty()) return {};
    return "something stands behind the object";
  }

  std::optional<std::string> member(RawRecord& record) {
    std::string key, value;
    if (auto wrong = quoted(key)) return wrong;
    if (!eat(':')) return fmt::format("expected ':' after \"{}\"", printable(key, 40));
    skip_space();
    if (left_.starts_with('"')) {
      if (auto wrong = quoted(value)) return wrong;
    } else {
      const auto stop = std::min(left_.find_first_of(",} \t"), left_.size());
      value = left_.substr(0, stop);
      left_.remove_prefix(stop);
      if (value == "null") return {};
      // A bare word may only be a number; an id may be one, too.
      if (!to_finite(value))
        return fmt::format("value of \"{}\" is neither a string nor a number", printable(key, 40));
    }
    return set_field(record, key, value);
  }

  std::optional<std::string> quoted(std::string& out) {
    if (!eat('"')) return "expected a string in double quotes";
    while (!left_.empty() && left_.front() != '"') {
      if (left_.front() == '\\') {
        left_.remove_prefix(1);
        if (left_.empty()) break;
        if (left_.front() != '"' && left_.front() != '\\' && left_.front() != '/')
          return "escapes other than \\\" \\\\ \\/ are not supported";
      }
      out += left_.front();
      left_.remove_prefix(1);
    }
    if (!eat('"')) return "a string does not end";
    return {};
  }

  std::string_view left_;
};

class JsonlParser : public LineParser {
 public:
  std::optional<std::string> parse(std::string_view line, TraceBuilder& builder) override {
    RawRecord record;
    if (auto wrong = FlatObject(line).read(record)) return wrong;
    return builder.add(record);
  }
};

}  // namespace

std::unique_ptr<LineParser> make_jsonl_parser() { return std::make_unique<JsonlParser>(); }

}  // namespace weir::sim
