// SPDX-License-Identifier: Apache-2.0
// Readers of single values: a Field in, a typed and bounded value out, or a report and nothing.
#pragma once

#include <chrono>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/text.h"

#include "table_reader.h"

namespace weir::config {

std::optional<bool> boolean(const Field& field);
/// A string of printable text, not empty.
std::optional<std::string> text(const Field& field);
/// From "/" on, printable, without "..".
std::optional<std::string> absolute_path(const Field& field);
std::optional<std::int64_t> integer(const Field& field, std::int64_t least, std::int64_t most);
std::optional<double> positive_number(const Field& field, double most);
std::optional<std::chrono::milliseconds> duration(const Field& field,
                                                  std::chrono::milliseconds least);
std::optional<CpuSet> cpu_set(const Field& field);
std::optional<std::int64_t> shares(const Field& field);

/// Whether nothing at all is a sensible value: it is for a reservation, it is not for a limit.
enum class Zero { allowed, refused };
std::optional<Cores> cores(const Field& field, Zero zero);
std::optional<Bytes> bytes(const Field& field, Zero zero);
std::optional<BytesPerSecond> byte_rate(const Field& field, Zero zero);
std::optional<OpsPerSecond> op_rate(const Field& field, Zero zero);
std::optional<Amount<Cores>> cores_or_percent(const Field& field, Zero zero);
std::optional<Amount<Bytes>> bytes_or_percent(const Field& field, Zero zero);
std::optional<Amount<Tasks>> tasks_or_percent(const Field& field);

/// Each item of an array read with `item`; what is wrong is reported and left out.
template <class T, class Item>
std::optional<std::vector<T>> list(const Field& field, Item item) {
  if (field.node.kind != TomlKind::array) {
    field.expected("an array", "write [ ... ]");
    return std::nullopt;
  }
  std::vector<T> out;
  for (std::size_t i = 0; i < field.node.items.size(); ++i) {
    const auto& node = field.node.items[i];
    auto value = item(Field{field.report, fmt::format("{}[{}]", field.key, i), node});
    if (value) out.push_back(std::move(*value));
  }
  return out;
}

/// One of a few words; another is reported with the nearest of them.
template <class E>
std::optional<E> one_of(const Field& field,
                        std::initializer_list<std::pair<std::string_view, E>> words) {
  std::vector<std::string_view> known;
  for (const auto& [word, value] : words) known.push_back(word);
  if (field.node.kind != TomlKind::string) {
    field.expected(fmt::format("one of \"{}\"", fmt::join(known, "\", \"")));
    return std::nullopt;
  }
  for (const auto& [word, value] : words)
    if (field.node.string == word) return value;
  auto hint = did_you_mean(field.node.string, known);
  if (hint.empty()) hint = fmt::format("known here: {}", fmt::join(known, ", "));
  field.error(fmt::format("unknown value '{}'", printable(field.node.string, 60)), std::move(hint));
  return std::nullopt;
}

/// A table of strings.
std::optional<std::map<std::string, std::string>> text_map(const Field& field);

}  // namespace weir::config
