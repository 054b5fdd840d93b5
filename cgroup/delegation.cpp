// SPDX-License-Identifier: Apache-2.0
#include "weir/cgroup/delegation.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

#include <climits>

#include "weir/base/text.h"
#include "weir/cgroup/files.h"
#include "weir/model/kernel_files.h"

namespace weir {
namespace {

bool lists(const std::string& path, std::string_view file, std::string_view controller) {
  const auto text = read_small_file(fmt::format("{}/{}", path, file));
  if (!text) return false;
  const auto words = split_words(*text);
  return std::ranges::find(words, controller) != words.end();
}

}  // namespace

bool is_unit_name(std::string_view component) {
  constexpr std::array<std::string_view, 5> suffixes{".slice", ".scope", ".service", ".mount",
                                                     ".swap"};
  return std::ranges::any_of(suffixes, [&](auto suffix) { return component.ends_with(suffix); });
}

std::optional<ControllerGap> find_gap(const std::string& root, std::string_view controller) {
  std::array<char, PATH_MAX> resolved{};
  if (!::realpath(root.c_str(), resolved.data())) return std::nullopt;
  std::string path = resolved.data();
  // cgroup.type is missing in the kernel's root cgroup only.
  while (path.size() > 1 &&
         ::access(fmt::format("{}/{}", path, file::cgroup_type).c_str(), F_OK) == 0) {
    const auto slash = path.rfind('/');
    const auto parent = path.substr(0, slash);
    if (lists(parent, file::cgroup_controllers, controller)) {
      if (lists(parent, file::cgroup_subtree_control, controller)) return std::nullopt;
      const auto child = path.substr(slash + 1);
      return ControllerGap{fmt::format("{}/{}", parent, file::cgroup_subtree_control),
                           is_unit_name(child) ? child : "",
                           parent.find("/user@") != std::string::npos};
    }
    path = parent;
  }
  return std::nullopt;
}

}  // namespace weir
