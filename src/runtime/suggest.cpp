// SPDX-License-Identifier: Apache-2.0
#include "weir/runtime/suggest.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "weir/cgroup/files.h"
#include "weir/cgroup/fs.h"
#include "weir/config/parse.h"
#include "weir/model/kernel_files.h"
#include "weir/model/kernel_text.h"
#include "weir/model/record.h"

namespace weir {
namespace {

constexpr std::string_view slice_suffix = ".slice", scope_suffix = ".scope";
constexpr std::size_t largest_mountinfo = std::size_t{4} << 20;

Config config_of(const Options& options) {
  auto files = read_config_files(options.config, Trust::owner_only);
  return files ? parse_config(std::move(*files)).config : Config{};
}

std::optional<std::string> root_of(const Options& options) {
  if (options.cgroup_root) return options.cgroup_root;
  const auto mounts = read_small_file("/proc/self/mountinfo", largest_mountinfo);
  const auto found = mounts ? find_cgroup2(*mounts) : std::nullopt;
  return found ? std::optional{found->mount_point} : std::nullopt;
}

/// "nightly" of "weir-team-nightly.slice".
std::string pool_of(std::string_view slice) {
  slice.remove_suffix(slice_suffix.size());
  const auto dash = slice.rfind('-');
  return std::string{dash == std::string_view::npos ? slice : slice.substr(dash + 1)};
}

/// The record cannot be read without privilege; then the directory's name has to do.
std::string container_of(CgroupIo& io, const CgroupPath& path) {
  if (const auto text = io.attribute(path, attribute::container); text && *text)
    if (const auto record = ContainerRecord::parse(**text)) return record->name.str();
  auto leaf = path.leaf();
  if (leaf.ends_with(scope_suffix)) leaf.remove_suffix(scope_suffix.size());
  return std::string{leaf};
}

struct Names {
  std::vector<std::string> pools, containers;
};

void walk(CgroupIo& io, const CgroupPath& slice, std::size_t depth, Names& out) {
  const auto children = io.children(slice);
  if (!children || depth > max_pool_depth) return;
  for (const auto& name : *children) {
    const auto path = slice.child(name);
    if (!path) continue;
    if (name.ends_with(slice_suffix)) {
      out.pools.push_back(pool_of(name));
      walk(io, *path, depth + 1, out);
    } else if (depth > 0) {
      out.containers.push_back(container_of(io, *path));
    }
  }
}

Names names_in_kernel(const Options& options, const std::string& top) {
  Names out;
  const auto root = root_of(options);
  const auto path = CgroupPath::parse(top);
  if (!root || !path) return out;
  if (auto io = CgroupFs::open(*root)) walk(*io, *path, 0, out);
  return out;
}

}  // namespace

std::vector<std::string> suggest_pools(const Options& options) {
  const auto config = config_of(options);
  std::vector<std::string> out;
  for (const auto& pool : config.pools) out.push_back(pool.name.str());
  for (auto& name : names_in_kernel(options, config.host.slice).pools)
    if (PoolName::parse(name) && std::ranges::find(out, name) == out.end())
      out.push_back(std::move(name));
  return out;
}

std::vector<std::string> suggest_containers(const Options& options) {
  auto out = names_in_kernel(options, config_of(options).host.slice).containers;
  std::erase_if(out, [](const std::string& name) { return !ContainerName::parse(name); });
  std::ranges::sort(out);
  return out;
}

}  // namespace weir
