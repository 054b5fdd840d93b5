// SPDX-License-Identifier: Apache-2.0
// One TOML table read key by key: what nobody asked for is a mistake.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report.h"
#include "toml_tree.h"

namespace weir::config {

/// One value on its way into the configuration. Readers (values.h) take it and report through it.
struct Field {
  Report& report;
  std::string key;  ///< "pool.web.cpu.limit"
  const TomlNode& node;

  void error(std::string_view why, std::string hint = {}) const;
  void warning(std::string_view why, std::string hint = {}) const;
  /// "expected WHAT, found an integer".
  void expected(std::string_view what, std::string hint = {}) const;
};

class TableReader {
 public:
  /// `table` of another kind than table is reported and read as empty.
  explicit TableReader(const Field& table);

  /// The value of `key`, which is from now on a known one; null when it is not there.
  const TomlNode* find(std::string_view key);
  [[nodiscard]] Field field(std::string_view key, const TomlNode& node) const;
  [[nodiscard]] SourcePos at() const { return table_.node.at; }

  /// Reads `key` with `reader` (Field -> std::optional) into `out`: a value, an optional or a
  /// Located, which also gets the place. What is absent or wrong leaves `out` alone.
  template <class Reader, class Out>
  bool read(std::string_view key, Reader reader, Out& out) {
    const auto* node = find(key);
    if (node == nullptr) return false;
    if (auto value = reader(field(key, *node))) assign(out, std::move(*value), node->at);
    return true;
  }

  /// Reports every key that was never asked for, with the nearest one that was.
  void finish();

 private:
  template <class T, class V>
  static void assign(T& out, V value, SourcePos /*at*/) {
    out = std::move(value);
  }
  template <class T, class V>
  static void assign(Located<T>& out, V value, SourcePos at) {
    out = Located<T>{T{std::move(value)}, at};
  }
  template <class T, class V>
  static void assign(std::optional<Located<T>>& out, V value, SourcePos at) {
    out = Located<T>{T{std::move(value)}, at};
  }

  Field table_;
  std::vector<std::string_view> known_;
};

}  // namespace weir::config
