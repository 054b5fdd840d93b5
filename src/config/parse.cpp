// SPDX-License-Identifier: Apache-2.0
#include "weir/config/parse.h"

#include <fmt/format.h>
#include <map>
#include <utility>

#include "weir/base/text.h"

#include "checks.h"
#include "document.h"
#include "report.h"
#include "sections.h"

namespace weir {
namespace config {
namespace {

/// The same name as far as a pool may have it: "Web-2" -> "web_2".
std::string valid_spelling(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 31)) {
    const bool upper = c >= 'A' && c <= 'Z';
    const char lower = upper ? static_cast<char>(c - 'A' + 'a') : c;
    out += lower == '-' || lower == '.' || lower == ' ' ? '_' : lower;
  }
  return PoolName::parse(out) ? out : std::string{};
}

class Reader {
 public:
  ParseOutcome run(std::vector<SourceFile> files) {
    config_.files = std::move(files);
    for (std::size_t i = 0; i < config_.files.size(); ++i) {
      const auto document = load_document(config_.files[i].text, i, report_);
      missing_.anything = missing_.anything || !document.complete;
      for (const auto& root : document.roots) read_root(root);
    }
    const PoolIndex index(config_);
    check_parents(config_, index, missing_, report_);
    check_leaves(config_, index, missing_, report_);
    check_containers(config_, report_);
    check_shares(config_, index, report_);
    check_io(config_, index, report_);
    return {std::move(config_), report_.take()};
  }

 private:
  void read_root(const TomlNode& root) {
    TableReader table(Field{report_, "", root});
    for (const auto& [key, at, node] : root.entries) {
      const auto field = table.field(key, node);
      if (key == "host") {
        HostSpec host;
        host.at = at;
        config::read_host(field, host);
        if (claim(key, at)) config_.host = std::move(host);
      } else if (key == "hook") {
        HookSpec hook;
        config::read_hook(field, hook);
        if (claim(key, at)) config_.hook = hook;
      } else if (key == "runtime") {
        RuntimeSpec runtime;
        config::read_runtime(field, runtime);
        if (claim(key, at)) config_.runtime = std::move(runtime);
      } else if (key == "pool") {
        read_pools(field);
      }
    }
    for (const std::string_view known : {"host", "pool", "hook", "runtime"}) table.find(known);
    table.finish();
  }

  void read_pools(const Field& pools) {
    if (pools.node.kind != TomlKind::table) return pools.expected("a table", "write [pool.NAME]");
    for (const auto& [key, at, node] : pools.node.entries) {
      const Field field{report_, "pool." + key, node};
      auto name = PoolName::parse(key);
      if (!name) {
        const auto better = valid_spelling(key);
        report_.error(at, field.key, name.error().message,
                      better.empty()
                          ? name.error().hint
                          : fmt::format("did you mean '{}'? {}", better, name.error().hint));
        missing_.names.insert(key);
        name = PoolName::parse("x");  // to see what else is wrong in it
      }
      auto pool = read_pool(field, std::move(*name), at);
      if (claim(field.key, at) && pool.name.str() == key) config_.pools.push_back(std::move(pool));
    }
  }

  /// False, and reported, when `key` was there before.
  bool claim(const std::string& key, SourcePos at) {
    const auto [first, is_new] = owners_.emplace(key, at);
    if (is_new) return true;
    const auto& place = first->second;
    report_.error(
        at, key, "defined twice",
        fmt::format("the first is at {}:{}:{}", printable(config_.files[place.file].path, 300),
                    place.line, place.column));
    return false;
  }

  Config config_;
  Report report_;
  Missing missing_;
  std::map<std::string, SourcePos> owners_;
};

}  // namespace
}  // namespace config

bool ParseOutcome::ok() const { return config::only_warnings(diagnostics); }

ParseOutcome parse_config(std::vector<SourceFile> files) {
  return config::Reader().run(std::move(files));
}

}  // namespace weir
