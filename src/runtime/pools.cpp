// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/pools.h"

#include <algorithm>
#include <fmt/format.h>

#include "weir/cgroup/config_writer.h"
#include "weir/cgroup/files.h"
#include "weir/config/parse.h"

namespace weir {
namespace {

/// The configuration before and after an edit.
struct Edit {
  std::string path;  ///< weir.d/NAME.toml
  std::vector<SourceFile> before, after;
};

std::string drop_in_path(const std::string& config, const PoolName& name) {
  const auto slash = config.rfind('/');
  return fmt::format("{}weir.d/{}.toml",
                     slash == std::string::npos ? "" : config.substr(0, slash + 1), name.str());
}

/// Where a pool is defined, or nothing. Mistakes elsewhere in the files do not matter here.
std::optional<std::pair<std::string, SourcePos>> definition(const std::vector<SourceFile>& files,
                                                            const PoolName& name) {
  const auto parsed = parse_config(files);
  for (const auto& pool : parsed.config.pools)
    if (pool.name == name) return std::pair{parsed.config.files[pool.at.file].path, pool.at};
  return std::nullopt;
}

tl::unexpected<Error> defined_elsewhere(const PoolName& name, const std::string& file,
                                        SourcePos at) {
  return fail(Errc::conflict,
              fmt::format("pool '{}' is defined at {}:{}:{}", name.str(), file, at.line, at.column),
              "edit it there, then `weir apply`");
}

const std::string& text_of(const std::vector<SourceFile>& files, const std::string& path) {
  static const std::string none;
  const auto at = std::ranges::find(files, path, &SourceFile::path);
  return at == files.end() ? none : at->text;
}

/// weir.toml first, then the others by name: the order in which they are read.
std::vector<SourceFile> with_text(std::vector<SourceFile> files, const std::string& path,
                                  std::string text) {
  const auto at = std::ranges::find(files, path, &SourceFile::path);
  if (at != files.end()) {
    at->text = std::move(text);
    return files;
  }
  files.push_back({path, std::move(text)});
  std::sort(files.begin() + 1, files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

Result<Edit> start_edit(const Options& options, const PoolName& name) {
  Edit edit;
  edit.path = drop_in_path(options.config, name);
  WEIR_TRY(edit.before, read_config_files(options.config, Trust::owner_only));
  return edit;
}

/// The kernel as it was before an edit that failed.
void bring_back(const Options& options, const Edit& edit) {
  auto old = open_session_with(options, edit.before);
  if (old)
    ignore(apply(*old, Evict::no),
           "the error that led here is the one to report; verify shows the rest");
}

/// Applies `after`; whatever goes wrong, the kernel is brought back to `before`.
Result<ApplyReport> try_out(const Options& options, const Edit& edit, const Evict& evict) {
  WEIR_TRY(auto session, open_session_with(options, edit.after));
  auto report = apply(session, evict);
  if (!report) {
    // A conflict comes before the first write.
    if (report.error().code != Errc::conflict) bring_back(options, edit);
    return report;
  }
  if (report->plan.blocked.empty()) return report;
  const auto first = report->plan.blocked.front();
  bring_back(options, edit);
  return fail(Errc::failed, fmt::format("{}/{}: {}", first.cgroup.str(), first.file, first.reason),
              "nothing was changed; lower the use first, or choose a higher limit");
}

Result<PoolEdit> write_edit(const Options& options, Edit edit) {
  WEIR_TRY(auto report, try_out(options, edit, Evict::no));
  if (auto written = write_config(edit.path, text_of(edit.after, edit.path)); !written) {
    bring_back(options, edit);
    return pass(std::move(written));
  }
  return PoolEdit{edit.path, std::move(report)};
}

}  // namespace

Result<PoolEdit> create_pool(const Options& options, const std::string& name,
                             const std::vector<KeyValue>& settings) {
  WEIR_TRY(const auto pool, PoolName::parse(name));
  WEIR_TRY(auto edit, start_edit(options, pool));
  if (const auto place = definition(edit.before, pool))
    return defined_elsewhere(pool, place->first, place->second);
  WEIR_TRY(auto text, edit_pool_text(text_of(edit.before, edit.path), pool, settings));
  edit.after = with_text(edit.before, edit.path, std::move(text));
  return write_edit(options, std::move(edit));
}

Result<PoolEdit> set_pool(const Options& options, const std::string& name,
                          const std::vector<KeyValue>& settings) {
  WEIR_TRY(const auto pool, PoolName::parse(name));
  WEIR_TRY(auto edit, start_edit(options, pool));
  const auto place = definition(edit.before, pool);
  if (!place)
    return fail(Errc::not_found, fmt::format("no pool '{}'", name),
                "`weir pool list` shows the pools");
  if (place->first != edit.path) return defined_elsewhere(pool, place->first, place->second);
  WEIR_TRY(auto text, edit_pool_text(text_of(edit.before, edit.path), pool, settings));
  edit.after = with_text(edit.before, edit.path, std::move(text));
  return write_edit(options, std::move(edit));
}

Result<PoolEdit> remove_pool(const Options& options, const std::string& name, const Evict& evict) {
  WEIR_TRY(const auto pool, PoolName::parse(name));
  WEIR_TRY(auto edit, start_edit(options, pool));
  const auto place = definition(edit.before, pool);
  if (!place)
    return fail(Errc::not_found, fmt::format("no pool '{}'", name),
                "`weir pool list` shows the pools");
  if (place->first != edit.path) return defined_elsewhere(pool, place->first, place->second);
  WEIR_TRY(const auto loaded, load_texts(options, edit.before));
  if (loaded.tree)
    if (const auto index = loaded.tree->find(name);
        index && !loaded.tree->pools[*index].children.empty())
      return fail(Errc::conflict, fmt::format("pool '{}' has child pools", name),
                  "remove them first");
  edit.after = edit.before;
  std::erase_if(edit.after, [&](const SourceFile& file) { return file.path == edit.path; });
  WEIR_TRY(auto report, try_out(options, edit, evict));
  if (auto removed = remove_config(edit.path); !removed) {
    bring_back(options, edit);
    return pass(std::move(removed));
  }
  return PoolEdit{edit.path, std::move(report)};
}

}  // namespace weir
