// SPDX-License-Identifier: Apache-2.0
#include "toml_tree.h"

#include <algorithm>
#include <sstream>
#include <toml++/toml.h>

#include "columns.h"

namespace weir::config {
namespace {

class Converter {
 public:
  Converter(std::string_view text, std::size_t file) : columns_(text), file_(file) {}

  [[nodiscard]] SourcePos place(const toml::source_position& at) const {
    if (!at) return {file_, 1, 1};
    return {file_, at.line, columns_.in_bytes(at.line, at.column)};
  }

  [[nodiscard]] TomlNode node(const toml::node& from) const {
    TomlNode out;
    out.at = place(from.source().begin);
    from.visit([&](const auto& value) { fill(out, value); });
    return out;
  }

 private:
  void fill(TomlNode& out, const toml::table& from) const {
    out.kind = TomlKind::table;
    out.entries.reserve(from.size());
    for (const auto& [key, value] : from)
      out.entries.push_back({std::string{key.str()}, place(key.source().begin), node(value)});
    // The library sorts by name; what the administrator wrote first goes first.
    std::ranges::stable_sort(out.entries, {}, &TomlEntry::at);
  }
  void fill(TomlNode& out, const toml::array& from) const {
    out.kind = TomlKind::array;
    out.items.reserve(from.size());
    for (const auto& value : from) out.items.push_back(node(value));
  }
  void fill(TomlNode& out, const toml::value<bool>& from) const {
    out.kind = TomlKind::boolean;
    out.boolean = from.get();
  }
  void fill(TomlNode& out, const toml::value<std::int64_t>& from) const {
    out.kind = TomlKind::integer;
    out.integer = from.get();
  }
  void fill(TomlNode& out, const toml::value<double>& from) const {
    out.kind = TomlKind::real;
    out.real = from.get();
  }
  void fill(TomlNode& out, const toml::value<std::string>& from) const {
    out.kind = TomlKind::string;
    out.string = from.get();
  }
  template <class DateOrTime>
  void fill(TomlNode& out, const toml::value<DateOrTime>& from) const {
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
    const auto document = toml::parse(text);
    return {converter.node(document), std::nullopt};
  } catch (const toml::parse_error& error) {
    return {{}, TomlFault{converter.place(error.source().begin), std::string{error.description()}}};
  }
}

}  // namespace weir::config
