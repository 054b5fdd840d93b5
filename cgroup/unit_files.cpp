// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/unit_files.h"

#include <algorithm>
#include <array>
#include <dirent.h>
#include <fmt/format.h>
#include <memory>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 5> folders{
    "/etc/systemd/system.control", "/etc/systemd/system", "/run/systemd/system",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"};

/// systemd.resource-control(5): what weir sets as a property of a slice.
constexpr std::array<std::string_view, 17> our_keys{
    "CPUWeight",     "StartupCPUWeight", "CPUShares",   "CPUQuota",           "CPUQuotaPeriodSec",
    "MemoryMin",     "MemoryLow",        "MemoryHigh",  "MemoryMax",          "MemoryLimit",
    "MemorySwapMax", "TasksMax",         "AllowedCPUs", "IOReadBandwidthMax", "IOWriteBandwidthMax",
    "IOReadIOPSMax", "IOWriteIOPSMax"};

std::vector<std::string> entries(const std::string& folder) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> open{::opendir(folder.c_str()), ::closedir};
  if (!open) return out;
  while (const dirent* entry = ::readdir(open.get())) out.emplace_back(entry->d_name);
  std::ranges::sort(out);
  return out;
}

/// "weir.slice", "weir-web.slice", and the prefixes and types that systemd takes drop-ins for:
/// "weir-.slice", "slice".
bool is_of(std::string_view unit, std::string_view stem) {
  if (unit == "slice") return true;
  if (!unit.starts_with(stem) || !unit.ends_with(".slice")) return false;
  const auto rest = unit.substr(stem.size());
  return rest == ".slice" || rest.starts_with('-');
}

std::vector<std::string> keys_in(const std::string& path) {
  std::vector<std::string> out;
  const auto text = read_small_file(path);
  if (!text) return out;
  for (const auto line : split(*text, '\n')) {
    const auto key = trim(line.substr(0, line.find('=')));
    if (std::ranges::find(our_keys, key) != our_keys.end()) out.emplace_back(key);
  }
  return out;
}

void add(const std::string& path, std::vector<UnitFile>& out) {
  auto keys = keys_in(path);
  if (!keys.empty()) out.push_back({path, std::move(keys)});
}

}  // namespace

std::vector<UnitFile> conflicting_unit_files(std::string_view top, const std::string& root) {
  const auto stem = top.substr(0, top.rfind('.'));
  std::vector<UnitFile> out;
  for (const auto below : folders) {
    const auto folder = fmt::format("{}{}", root, below);
    for (const auto& name : entries(folder)) {
      if (is_of(name, stem) && name != "slice") add(fmt::format("{}/{}", folder, name), out);
      if (!name.ends_with(".d") || !is_of(std::string_view{name}.substr(0, name.size() - 2), stem))
        continue;
      for (const auto& drop_in : entries(fmt::format("{}/{}", folder, name)))
        if (drop_in.ends_with(".conf")) add(fmt::format("{}/{}/{}", folder, name, drop_in), out);
    }
  }
  return out;
}

}  // namespace weir
