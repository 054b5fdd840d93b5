// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string>

#include "weir/base/text.h"
#include "weir/config/parse.h"

#include "syntax_text.h"
#include "toml_scan.h"

namespace weir::config {
namespace {

/// Each fault costs another reading of the file.
constexpr int most_faults = 32;

struct Range {
  std::size_t begin = 0, end = 0;
};

void blank(std::string& text, Range range) {
  for (std::size_t i = range.begin; i < range.end; ++i)
    if (text[i] != '\n') text[i] = ' ';
}

/// The statement that contains `offset`; a header together with the section below it, because
/// without the header its keys would fall to the section above.
Range statement_at(const TomlScan& scan, std::size_t offset, std::size_t size) {
  const auto& all = scan.statements;
  auto next = std::ranges::upper_bound(all, offset, {}, &Statement::begin);
  if (next == all.begin()) return {0, size};
  const auto here = std::prev(next);
  if (here->header) next = std::find_if(next, all.end(), [](const auto& s) { return s.header; });
  return {here->begin, next == all.end() ? size : next->begin};
}

/// Where the bracket was opened for whose end the library looked in vain. It looks on in the next
/// section, or up to the end, and blames what it finds there.
std::optional<std::size_t> unclosed_before(const TomlScan& scan, std::size_t offset,
                                           const TomlFault& fault) {
  const auto& all = scan.statements;
  const auto next = std::ranges::upper_bound(all, offset, {}, &Statement::begin);
  if (next == all.begin()) return std::nullopt;
  const auto here = std::prev(next);
  if (here->unclosed && fault.what.find("end-of-file") != std::string::npos) return here->unclosed;
  return here == all.begin() ? std::nullopt : std::prev(here)->unclosed;
}

class Loader {
 public:
  Loader(std::size_t file, Report& report) : file_(file), report_(report) {}

  Document run(std::string text) {
    drop_bad_bytes(text);
    pending_.push_back(std::move(text));
    while (!pending_.empty()) {
      auto next = std::move(pending_.back());
      pending_.pop_back();
      load(std::move(next));
    }
    return std::move(out_);
  }

 private:
  /// Text that is no text: reported by place, and the statement around it left out.
  void drop_bad_bytes(std::string& text) {
    for (auto i = find_bad_byte(text); i < text.size(); i = find_bad_byte(text, i)) {
      report_.error(place_of(text, i, file_), "",
                    text[i] == '\0' ? "a NUL byte has no place in a configuration file"
                                    : "this is not UTF-8");
      out_.complete = false;
      const auto range = statement_at(scan_toml(text), i, text.size());
      blank(text, {std::min(range.begin, i), std::max(range.end, i + 1)});
      if (++faults_ > most_faults) return text.clear();
    }
  }

  void load(std::string text) {
    for (;;) {
      const auto scan = scan_toml(text);
      if (scan.too_deep) {
        report_.error(place_of(text, *scan.too_deep, file_), "",
                      fmt::format("keys and values nest more than {} deep", max_toml_depth));
        out_.complete = false;
        return;
      }
      if (scan.stray) {
        const auto said = explain_stray(text, *scan.stray, file_);
        report_.error(said.at, "", said.message, said.hint);
        out_.complete = false;
        if (++faults_ > most_faults) return;
        blank(text, statement_at(scan, *scan.stray, text.size()));
        continue;
      }
      auto parsed = parse_toml(text, file_);
      if (!parsed.fault) {
        out_.roots.push_back(std::move(parsed.root));
        return;
      }
      if (++faults_ > most_faults || !step_over(text, scan, *parsed.fault)) {
        out_.complete = false;
        return;
      }
    }
  }

  /// False when there is nothing more to leave out.
  bool step_over(std::string& text, const TomlScan& scan, const TomlFault& fault) {
    const auto offset = offset_of(text, fault.at);
    const auto unclosed = unclosed_before(scan, offset, fault);
    const auto range = statement_at(scan, unclosed.value_or(offset), text.size());
    const auto statement = std::string_view{text}.substr(range.begin, range.end - range.begin);
    if (unclosed) {
      report_.error(place_of(text, *unclosed, file_), "",
                    "syntax error: this bracket is not closed before the next section");
      out_.complete = false;
    } else if (stands_twice(fault.what)) {
      std::string section(text.size(), ' ');
      std::ranges::transform(text, section.begin(), [](char c) { return c == '\n' ? c : ' '; });
      std::ranges::copy(statement, section.begin() + static_cast<std::ptrdiff_t>(range.begin));
      pending_.push_back(std::move(section));
    } else {
      const auto said = explain_fault(fault, statement, place_of(text, range.begin, file_));
      report_.error(said.at, "", said.message, said.hint);
      out_.complete = false;
    }
    const bool anything = !trim(statement).empty();
    blank(text, range);
    return anything;
  }

  std::size_t file_;
  Report& report_;
  Document out_;
  std::vector<std::string> pending_;
  int faults_ = 0;
};

}  // namespace

Document load_document(std::string_view text, std::size_t file, Report& report) {
  if (text.size() > max_config_bytes) {
    report.error({file, 1, 1}, "",
                 fmt::format("the file has {} bytes, more than 1 MiB", text.size()));
    return {{}, false};
  }
  return Loader(file, report).run(std::string{text});
}

}  // namespace weir::config
