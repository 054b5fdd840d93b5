// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>

#include "weir/base/text.h"
#include "weir/model/oci.h"

namespace weir {
namespace {

constexpr std::string_view slice = ".slice", scope = ".scope";

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(Errc::usage, fmt::format("linux.cgroupsPath '{}': {}", printable(text, 120), why));
}

/// "a-b.slice" lies in "a.slice" (systemd.slice(5)).
std::string expand_slice(std::string_view name) {
  std::string out;
  for (auto dash = name.find('-'); dash != std::string_view::npos; dash = name.find('-', dash + 1))
    out += fmt::format("/{}{}", name.substr(0, dash), slice);
  return out + fmt::format("/{}", name);
}

bool is_slice_name(std::string_view name) {
  const auto stem = name.substr(0, name.size() - std::min(name.size(), slice.size()));
  return name.ends_with(slice) && !stem.empty() && !stem.starts_with('-') && !stem.ends_with('-') &&
         stem.find("--") == std::string_view::npos && CgroupPath{}.child(name);
}

Result<CgroupsPath> parse_systemd(std::string_view text, std::size_t colon) {
  const auto parent = text.substr(0, colon);
  const auto tail = text.substr(colon + 1);
  const auto prefix = tail.substr(0, tail.find(':'));
  const auto name = tail.substr(prefix.size() + 1);
  if (!parent.empty() && !is_slice_name(parent)) return bad(text, "the first part is no slice");
  CgroupsPath out;
  out.manager = CgroupManager::systemd;
  out.parent = expand_slice(parent.empty() ? "system.slice" : parent);
  out.leaf = prefix.empty() ? fmt::format("{}{}", name, scope)
                            : fmt::format("{}-{}{}", prefix, name, scope);
  out.tail = tail;
  if (name.empty() || name.ends_with(slice) || !CgroupPath{}.child(out.leaf))
    return bad(text, "the unit's name is none");
  return out;
}

}  // namespace

Result<CgroupsPath> CgroupsPath::parse(std::string_view text) {
  const auto colon = text.find(':');
  const bool absolute = text.starts_with('/');
  if (!absolute && colon != std::string_view::npos && std::ranges::count(text, ':') == 2)
    return parse_systemd(text, colon);
  auto path = CgroupPath::parse(absolute ? text.substr(1) : text);
  if (!path) return bad(text, path.error().message);
  if (path->is_root()) return bad(text, "names no cgroup");
  if (path->leaf().ends_with(slice)) return bad(text, "a container is no slice");
  CgroupsPath out;
  out.leaf = path->leaf();
  if (absolute) out.parent = "/" + path->parent().str();
  return out;
}

std::string CgroupsPath::below(std::string_view into) const {
  if (manager == CgroupManager::cgroupfs) return fmt::format("{}/{}", into, leaf);
  return fmt::format("{}:{}", into.substr(into.rfind('/') + 1), tail);
}

}  // namespace weir
