// SPDX-License-Identifier: Apache-2.0
#include "toml_tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>
#include <toml++/toml.h>

#include "weir/base/text.h"
#include "weir/config/parse.h"

#include "columns.h"
#include "toml_scan.h"

namespace weir::config {
namespace {

class Converter {
 public:
  Converter(std::string_view text, std::size_t file) : columns_(text), file_(file) {}

  [[nodiscard]] SourcePos place(const toml::source_position& at) const {
    if (!at) return {file_, 1, 1};
    return {file_, at.line, columns_.in_bytes(at.line, at.column)};
  }

  /// Takes the texts out of `from`.
  [[nodiscard]] TomlNode node(toml::node& from) const {
    TomlNode out;
    out.at = place(from.source().begin);
    from.visit([&](auto& value) { fill(out, value); });
    return out;
  }

 private:
  void fill(TomlNode& out, toml::table& from) const {
    out.kind = TomlKind::table;
    out.entries.reserve(from.size());
    // The library sorts by name; what the administrator wrote first goes first.
    std::vector<std::pair<SourcePos, toml::table::iterator>> order;
    order.reserve(from.size());
    for (auto at = from.begin(); at != from.end(); ++at)
      order.emplace_back(place((*at).first.source().begin), at);
    if (order.size() > 1)
      std::ranges::stable_sort(order, {}, &std::pair<SourcePos, toml::table::iterator>::first);
    for (auto& [place, at] : order)
      out.entries.push_back({std::string{(*at).first.str()}, place, node((*at).second)});
  }
  void fill(TomlNode& out, toml::array& from) const {
    out.kind = TomlKind::array;
    out.items.reserve(from.size());
    for (auto& value : from) out.items.push_back(node(value));
  }
  void fill(TomlNode& out, toml::value<bool>& from) const {
    out.kind = TomlKind::boolean;
    out.boolean = from.get();
  }
  void fill(TomlNode& out, toml::value<std::int64_t>& from) const {
    out.kind = TomlKind::integer;
    out.integer = from.get();
  }
  void fill(TomlNode& out, toml::value<double>& from) const {
    out.kind = TomlKind::real;
    out.real = from.get();
  }
  void fill(TomlNode& out, toml::value<std::string>& from) const {
    out.kind = TomlKind::string;
    out.string = std::move(from.get());
  }
  template <class DateOrTime>
  void fill(TomlNode& out, toml::value<DateOrTime>& from) const {
    out.kind = TomlKind::datetime;
    std::ostringstream text;
    text << from.get();
    out.string = text.str();
  }

  Columns columns_;
  std::size_t file_;
};

}  // namespace

TomlOutcome parse_toml(std::string_view text, std::size_t file) {
  const Converter converter(text, file);
  try {
    auto document = toml::parse(text);
    return {converter.node(document), std::nullopt};
  } catch (const toml::parse_error& error) {
    return {{}, TomlFault{converter.place(error.source().begin), std::string{error.description()}}};
  }
}

Result<TomlNode> read_toml(std::string_view text, Errc blame) {
  if (find_bad_byte(text) != text.size()) return fail(blame, "not UTF-8 text");
  const auto scan = scan_toml(text);
  if (text.size() > max_config_bytes || scan.too_deep || scan.stray)
    return fail(blame, "too large, nested too deep, or not TOML");
  auto parsed = parse_toml(text, 0);
  if (!parsed.fault) return std::move(parsed.root);
  const auto& fault = *parsed.fault;
  return fail(blame, fmt::format("line {}, column {}: {}", fault.at.line, fault.at.column,
                                 printable(fault.what, 300)));
}

}  // namespace weir::config
